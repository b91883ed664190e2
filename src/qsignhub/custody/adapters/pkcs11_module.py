"""One PKCS#11 library in this process: started, logged in to, lost, and started again."""

from __future__ import annotations

import ctypes
import hmac
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pkcs11
from pkcs11.constants import TokenFlag
from pkcs11.exceptions import (
    MultipleTokensReturned,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
    UserPinNotInitialized,
)

from qsignhub.custody.errors import CustodyUnavailable

if TYPE_CHECKING:
    from pkcs11.types import Session, SignMixin, Token

_PIN_ERRORS = (PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked, UserPinNotInitialized)
_OS_LOCKING_OK = 2
_CALLS_END_WITHIN = 10.0
"""Seconds that calls under way may take before a restart of the library is given up."""


class Restarted(Exception):
    """The library was given up since a session was opened; nothing was done with it."""


@dataclass(slots=True)
class Opened:
    """A session for one thread at a time, and the private keys that were looked up in it, by CKA_ID."""

    session: Session
    generation: int
    objects: threading.RLock
    """Held while objects are made, destroyed or searched for, since SoftHSM 2.6 fails to make a pair
    (CKR_GENERAL_ERROR, CKR_TEMPLATE_INCONSISTENT) while another thread lists what is there. Signing with
    a key that was found before goes without it.
    """
    keys: dict[bytes, SignMixin] = field(default_factory=dict)


class Module:
    """Shared by all custodies on one library, since its state is one for the whole process.

    Sessions belong to a *generation*. Who sees the device lost says so (``lost``): all sessions are void
    from then on, and the next ``open`` ends the library and starts it again. SoftHSM and several vendors'
    libraries see a token that came back only after that. No call is inside the library meanwhile:
    PKCS#11 2.40 section 5.4 leaves undefined what happens otherwise.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._library: pkcs11._pkcs11.lib | None = None
        self._running = False
        self._generation = 0
        self._logins: dict[str, tuple[str, Session | None]] = {}
        self._refused: dict[str, str] = {}
        self._opening = threading.Lock()
        self._objects = threading.RLock()
        self._turn = threading.Condition(threading.Lock())
        self._inside = 0

    def current(self, opened: Opened) -> bool:
        return opened.generation == self._generation

    def enter(self, opened: Opened) -> None:
        """Before calls with this session; ``leave`` after them. Raises Restarted."""
        with self._turn:
            if opened.generation != self._generation:
                raise Restarted
            self._inside += 1

    def leave(self) -> None:
        with self._turn:
            self._inside -= 1
            if not self._inside:
                self._turn.notify_all()

    def lost(self, opened: Opened) -> None:
        """The device failed under this session: all of its generation are void."""
        with self._turn:
            if opened.generation == self._generation:
                self._running = False
                self._generation += 1

    def open(self, label: str, pin: str) -> Opened:
        """A session, logged in, on the token of this label.

        Raises CustodyUnavailable. A wrong PIN is given once, and never again in this process: tokens
        lock themselves after a few.
        """
        with self._opening:
            if (why := self._refused.get(label)) is not None:
                raise CustodyUnavailable(why)
            try:
                return self._open(label, pin)
            except PKCS11Error:  # a library started long ago may not see what is there now: once more
                pass
            try:
                return self._open(label, pin)
            except NoSuchToken as error:
                raise CustodyUnavailable(f"The HSM shows no token labelled {label!r}.") from error
            except MultipleTokensReturned as error:
                raise CustodyUnavailable(f"The HSM shows several tokens labelled {label!r}.") from error
            except PKCS11Error as error:
                raise CustodyUnavailable(f"The HSM does not answer ({error!r}).") from error

    def _open(self, label: str, pin: str) -> Opened:
        try:
            if not self._running:
                self._start()
            return Opened(self._login(label, pin).open(rw=True), self._generation, self._objects)
        except PKCS11Error:
            self._running = False
            raise

    def _start(self) -> None:
        with self._turn:
            if not self._turn.wait_for(lambda: not self._inside, _CALLS_END_WITHIN):
                raise CustodyUnavailable("The HSM does not answer: earlier calls to it have not returned.")
            self._generation += 1
            self._logins.clear()
            if self._library is None:
                self._library = pkcs11.lib(str(self._path))
            _initialize(self._path)
            self._running = True

    def _login(self, label: str, pin: str) -> Token:
        """PKCS#11 knows one login for all sessions of a process; one session that stays open holds it."""
        assert self._library is not None  # noqa: S101
        token = self._library.get_token(token_label=label)
        if label in self._logins:
            if not hmac.compare_digest(self._logins[label][0].encode(), pin.encode()):
                raise CustodyUnavailable("The token is in use with another PIN in this process.")
            return token
        if token.flags & (TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED):
            raise CustodyUnavailable(
                f"The token {label!r} is locked, or would be by one more wrong PIN. Log in to it once with"
                " its own tool, which resets that, before QSignHub uses it."
            )
        try:
            self._logins[label] = pin, token.open(rw=True, user_pin=pin)
        except UserAlreadyLoggedIn:  # by other code in this process
            self._logins[label] = pin, None
        except _PIN_ERRORS as error:
            self._refused[label] = (
                f"The token {label!r} did not take the PIN ({type(error).__name__}). It is not tried again,"
                " since tokens lock after a few wrong ones: correct the PIN, then restart QSignHub."
            )
            raise CustodyUnavailable(self._refused[label]) from error
        return token


class _InitializeArgs(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS; no mutex functions of ours."""

    _fields_ = (
        ("mutexes", ctypes.c_void_p * 4),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


class _FunctionList(ctypes.Structure):
    """The head of CK_FUNCTION_LIST, which begins with these two since version 2.0."""

    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("initialize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
        ("finalize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
    )


def _initialize(path: Path) -> None:
    """Ends the library and starts it for use by several threads.

    python-pkcs11 starts it with ``C_Initialize(NULL)``, by which a caller promises to use one thread only:
    SoftHSM, for one, then takes no locks, and concurrent calls corrupt its memory.
    """
    functions = ctypes.POINTER(_FunctionList)()
    if ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(functions)):
        raise CustodyUnavailable("The HSM's library does not start: it gives no functions.")
    functions.contents.finalize(None)
    said = functions.contents.initialize(ctypes.byref(_InitializeArgs(flags=_OS_LOCKING_OK)))
    if said:
        raise PKCS11Error(f"C_Initialize: CKR 0x{said:X}")


_modules: dict[Path, Module] = {}
_modules_lock = threading.Lock()


def module_at(path: Path) -> Module:
    """The one for this library in this process."""
    with _modules_lock:
        return _modules.setdefault(path, Module(path))


def _forget() -> None:
    """After a fork nothing of the library's state holds (PKCS#11 2.40 section 5.4)."""
    global _modules_lock  # noqa: PLW0603
    _modules_lock = threading.Lock()
    _modules.clear()


os.register_at_fork(after_in_child=_forget)
