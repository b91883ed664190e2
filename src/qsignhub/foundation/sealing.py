"""Secrets at rest: AES-256-GCM under keys derived from the master key (NIST SP 800-38D, RFC 5869)."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from qsignhub.foundation.errors import Unavailable

_FORMAT = b"\x01"
_NONCE_BYTES = 12


class MasterKeyMissing(Unavailable):
    code = "MASTER_KEY_MISSING"


class SealBroken(Unavailable):
    """What was sealed cannot be opened: another master key, or altered bytes."""

    code = "SEAL_BROKEN"


class MasterKey:
    """32 bytes from which every other key at rest is derived, one per purpose.

    A sealed value is bound to its purpose and name: moved elsewhere, it does not open.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise MasterKeyMissing("QSIGNHUB_MASTER_KEY must be 32 bytes as 64 hexadecimal digits.")
        self._key = key
        self._derived: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    @classmethod
    def from_hex(cls, text: str) -> MasterKey:
        try:
            return cls(bytes.fromhex(text.strip()))
        except ValueError:
            raise MasterKeyMissing("QSIGNHUB_MASTER_KEY must be 32 bytes as 64 hexadecimal digits.") from None

    @classmethod
    def from_file(cls, path: Path) -> MasterKey:
        """Reads the key, or makes one (mode 0600) where there is none yet.

        The file appears with the whole key in it: nobody reads half of one, not even after a crash,
        and of several processes that start at once all get the same key.
        """
        if not path.exists():
            _write_once(path, secrets.token_hex(32) + "\n")
        return cls.from_hex(path.read_text())

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA256)."""
        if purpose not in self._derived:
            kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
            self._derived[purpose] = kdf.derive(self._key)
        return self._derived[purpose]

    def seal(self, purpose: str, name: str, plaintext: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher(purpose).encrypt(nonce, plaintext, name.encode())

    def unseal(self, purpose: str, name: str, sealed: bytes) -> bytes:
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _FORMAT:
                raise InvalidTag
            return self._cipher(purpose).decrypt(nonce, ciphertext, name.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce and a tag
            raise SealBroken(
                f"A sealed {purpose} does not open: QSIGNHUB_MASTER_KEY is not the one it was sealed with."
            ) from None

    def _cipher(self, purpose: str) -> AESGCM:
        if purpose not in self._ciphers:
            self._ciphers[purpose] = AESGCM(self.derive(purpose))
        return self._ciphers[purpose]

    def authenticate(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA256 over a message, under a key of its own for the purpose."""
        mac = HMAC(self.derive(purpose), hashes.SHA256())
        mac.update(message)
        return mac.finalize()


def _write_once(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first, and its file stands
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
