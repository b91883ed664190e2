"""Threads, each with a session of its own on one token; the event loop hands them work and never waits."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeAlias, TypeVar

from pkcs11.exceptions import (
    AttributeTypeInvalid,
    AttributeValueInvalid,
    DataInvalid,
    DataLenRange,
    DomainParamsInvalid,
    FunctionNotSupported,
    KeyHandleInvalid,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    MechanismParamInvalid,
    ObjectHandleInvalid,
    PKCS11Error,
    TemplateIncomplete,
    TemplateInconsistent,
)

from qsignhub.custody.adapters.pkcs11_module import Module, Opened, Restarted, module_at
from qsignhub.custody.errors import CustodyUnavailable, KeyUnsuitable

T = TypeVar("T")
_Jobs: TypeAlias = "SimpleQueue[_Job | None]"

_NOT_DONE_BY_TOKEN = (
    AttributeTypeInvalid,
    AttributeValueInvalid,
    DataInvalid,
    DataLenRange,
    DomainParamsInvalid,
    FunctionNotSupported,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    MechanismParamInvalid,
    TemplateIncomplete,
    TemplateInconsistent,
)
"""What a token says of the request; all else it says of itself, and counts as the token being lost."""

_HELD = 8
_HELD_SECONDS = 0.001


class LostInTheAct(CustodyUnavailable):
    """The device failed during the call: whether it was carried out is not known."""


class NotOnToken(Exception):
    """The object is not there: destroyed, or the token is not the one it was."""

    def __init__(self, opened: Opened) -> None:
        super().__init__("There is no such object on the token.")
        self.opened = opened


class SessionPool:
    """``sessions`` pieces of work at a time; ``answer_within`` seconds, after which a caller is let go.

    Changes, which make and destroy keys, go one after the other through one more session, so that no
    signature waits for an RSA key to be found.
    """

    def __init__(self, path: Path, label: str, pin: str, *, sessions: int, answer_within: float) -> None:
        self._path = path
        self._label = label
        self._pin = pin
        self._sessions = sessions
        self._answer_within = answer_within
        self._crew: _Crew | None = None
        self._replies: _Replies | None = None

    async def run(self, work: Callable[[Opened], T], *, change: bool = False) -> T:
        """Has a thread do ``work`` with its session, once.

        Raises CustodyUnavailable, also when the device is lost in the act; KeyUnsuitable; NotOnToken.
        """
        loop = asyncio.get_running_loop()
        crew, replies = self._crew, self._replies
        if crew is None or crew.process != os.getpid():
            crew = self._crew = self._call_together()
        if replies is None or replies.loop is not loop:
            replies = self._replies = _Replies(loop)
        job = _Job(work, loop.create_future(), replies)
        timer = loop.call_later(self._answer_within, job.give_up)
        (crew.changes if change else crew.jobs).put(job)
        try:
            return await job.future  # type: ignore[no-any-return]
        finally:
            timer.cancel()

    def lost(self, opened: Opened) -> None:
        """The token is not what it should be: all sessions are void, and opened anew when next needed."""
        module_at(self._path).lost(opened)

    async def close(self) -> None:
        """Ends the threads and their sessions; what is under way is finished."""
        if (crew := self._crew) is not None and crew.process == os.getpid():
            self._crew = None
            _dismiss(crew.jobs, crew.changes, self._sessions)
            await asyncio.to_thread(crew.join, self._answer_within)

    def _call_together(self) -> _Crew:
        crew = _Crew(module_at(self._path), self._label, self._pin, self._sessions)
        weakref.finalize(self, _dismiss, crew.jobs, crew.changes, self._sessions)
        return crew


class _Crew:
    """The threads of one process: they do not come along in a fork."""

    def __init__(self, module: Module, label: str, pin: str, sessions: int) -> None:
        self.process = os.getpid()
        self.module = module
        self.jobs: _Jobs = SimpleQueue()
        self.changes: _Jobs = SimpleQueue()
        self._threads = [
            threading.Thread(target=_serve, args=(jobs, module, label, pin), name="pkcs11", daemon=True)
            for jobs in [*[self.jobs] * sessions, self.changes]
        ]
        for thread in self._threads:
            thread.start()

    def join(self, within: float) -> None:
        until = monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))


def _dismiss(jobs: _Jobs, changes: _Jobs, sessions: int) -> None:
    changes.put(None)
    for _ in range(sessions):
        jobs.put(None)


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Opened], Any]
    future: asyncio.Future[Any]
    replies: _Replies

    def give_up(self) -> None:
        if not self.future.done():
            self.future.set_exception(CustodyUnavailable("The HSM did not answer in time."))


class _Replies:
    """Results on their way back to one event loop; many that are ready together wake it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ready: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._waking = False

    def add(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._ready.append((future, result, error))

    def send(self) -> None:
        if self._waking or not self._ready:
            return
        self._waking = True
        try:
            self.loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._ready.clear()

    def _deliver(self) -> None:
        self._waking = False
        while self._ready:
            future, result, error = self._ready.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)


def _serve(jobs: _Jobs, module: Module, label: str, pin: str) -> None:
    """A thread's life. Under load it answers several at a time: one interruption of the event loop."""
    opened: Opened | None = None
    held: list[_Replies] = []
    since = 0.0
    while True:
        try:
            job = jobs.get_nowait() if held else jobs.get()
        except Empty:
            _send(held)
            continue
        if job is None:
            break
        if job.future.done():  # its caller is gone, and a key is not used for nobody
            continue
        result, error = None, None
        try:
            opened = _entered(opened, module, label, pin)
            result = _do(job.work, opened, module)
        except BaseException as failure:  # noqa: BLE001 - carried to the caller
            error = failure
        job.replies.add(job.future, result, error)
        now = monotonic()
        since = since if held else now
        held.append(job.replies)
        if len(held) >= _HELD or now - since > _HELD_SECONDS:
            _send(held)
        del job, result, error
    _send(held)
    _close(opened, module)


def _send(held: list[_Replies]) -> None:
    for replies in held:
        replies.send()
    held.clear()


def _entered(opened: Opened | None, module: Module, label: str, pin: str) -> Opened:
    while True:
        if opened is None or not module.current(opened):
            opened = module.open(label, pin)
        try:
            module.enter(opened)
        except Restarted:
            continue
        return opened


def _do(work: Callable[[Opened], T], opened: Opened, module: Module) -> T:
    """Once and no more: whether a use of a key that failed had begun is not known here."""
    try:
        return work(opened)
    except (ObjectHandleInvalid, KeyHandleInvalid) as error:
        raise NotOnToken(opened) from error
    except _NOT_DONE_BY_TOKEN as error:
        raise KeyUnsuitable(f"The token cannot do this with such a key ({type(error).__name__}).") from error
    except PKCS11Error as error:
        module.lost(opened)
        raise LostInTheAct(f"The HSM was lost in the act ({type(error).__name__}).") from error
    finally:
        module.leave()


def _close(opened: Opened | None, module: Module) -> None:
    if opened is None:
        return
    try:
        module.enter(opened)
    except Restarted:
        return
    try:
        opened.session.close()
    except PKCS11Error:
        module.lost(opened)
    finally:
        module.leave()
