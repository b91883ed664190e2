"""Keys in software, sealed at rest under the master key. For the sandbox and for AES; never a QSCD."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from qsignhub.custody.errors import KeyUnknown, KeyUnsuitable
from qsignhub.custody.gate import Gate
from qsignhub.custody.model import Outcome
from qsignhub.custody.ports import SecretStore
from qsignhub.foundation.signature_algorithms import (
    PrivateKey,
    PublicKey,
    SignatureAlgorithm,
    algorithm_named,
)

_KIND = "custody.signing-key"


@dataclass(frozen=True, slots=True)
class _Key:
    algorithm: SignatureAlgorithm
    private: PrivateKey


class SoftwareCustody:
    """A key is unsealed when it is used, and not kept: what one process destroys no other has."""

    def __init__(self, secrets: SecretStore, gate: Gate) -> None:
        self._secrets = secrets
        self._gate = gate

    async def create_key(self, key_id: str, algorithm: SignatureAlgorithm) -> PublicKey:
        """Kept first and asked afterwards: one that is there already is the exception."""
        fresh = await _generated(algorithm)
        if await self._secrets.keep(_KIND, key_id, _encoded(_Key(algorithm, fresh))):
            return fresh.public_key()
        present = await self._load(key_id)
        if present.algorithm != algorithm:
            raise KeyUnsuitable(f"The key is for {present.algorithm.name}, not for {algorithm.name}.")
        return present.private.public_key()

    async def sign(self, key_id: str, message: bytes, activation: bytes) -> bytes:
        return await self._gate.use(key_id, message, activation, lambda _: self._use(key_id, message))

    async def _use(self, key_id: str, message: bytes) -> bytes:
        key = await self._load(key_id)
        if isinstance(key.private, rsa.RSAPrivateKey):  # milliseconds, not for the event loop
            return await asyncio.to_thread(key.algorithm.sign, key.private, message)
        return key.algorithm.sign(key.private, message)

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        return await self._gate.outcome(key_id, activation_id)

    async def operations(self, key_id: str) -> list[str]:
        return await self._gate.operations(key_id)

    async def destroy_key(self, key_id: str) -> None:
        await self._secrets.destroy(_KIND, key_id)

    async def ping(self) -> None:
        await self._secrets.reveal(_KIND, "ping")

    async def _load(self, key_id: str) -> _Key:
        encoded = await self._secrets.reveal(_KIND, key_id)
        if encoded is None:
            raise KeyUnknown("The signer's key is not in custody: it was never made, or was destroyed.")
        return _decoded(encoded)


async def _generated(algorithm: SignatureAlgorithm) -> PrivateKey:
    """An RSA key takes a second, and not on the event loop; the others take microseconds."""
    if algorithm.name in {"RS256", "PS256"}:
        return await asyncio.to_thread(algorithm.generate)
    return algorithm.generate()


def _encoded(key: _Key) -> bytes:
    der = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return key.algorithm.name.encode() + b":" + der


def _decoded(encoded: bytes) -> _Key:
    """The algorithm's name stands before the key; a key from before there was a choice is for ES256."""
    name, separator, der = encoded.partition(b":") if encoded[:1] != b"\x30" else (b"ES256", b":", encoded)
    key = load_der_private_key(der, None) if separator else None
    kinds = (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, ed25519.Ed25519PrivateKey)
    if not isinstance(key, kinds):
        raise KeyUnsuitable("The signer's key is of a kind that custody does not use.")
    algorithm = algorithm_named(name.decode())
    if not algorithm.fits(key.public_key()):
        raise KeyUnsuitable("The signer's key does not fit its algorithm.")
    return _Key(algorithm, key)
