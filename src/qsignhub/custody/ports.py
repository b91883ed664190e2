"""What custody needs, and what it offers."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


class SigningKeys(Protocol):
    """Where signers' keys live: software, an HSM, a remote trust service. One adapter each."""

    async def create(self, key_id: str) -> EllipticCurvePublicKey:
        """Makes a P-256 key under this id, or answers the one that is there."""
        ...

    async def sign_digest(self, key_id: str, digest: bytes) -> bytes:
        """An ECDSA signature (DER) over a SHA-256 digest. Raises KeyUnknown, CustodyUnavailable."""
        ...

    async def destroy(self, key_id: str) -> None:
        """Makes the key unusable for ever; nothing happens if it is gone already."""
        ...

    async def ping(self) -> None: ...


class SecretStore(Protocol):
    """Named secrets, sealed at rest."""

    async def keep(self, kind: str, name: str, secret: bytes) -> bool: ...

    async def reveal(self, kind: str, name: str) -> bytes | None: ...

    async def destroy(self, kind: str, name: str) -> None: ...


class OnceOnly(Protocol):
    """Names that can be claimed once, for ever, whatever becomes of the work around them."""

    async def claim(self, kind: str, name: str, value: bytes) -> bool: ...

    async def value(self, kind: str, name: str) -> bytes | None: ...

    async def names(self, kind: str, prefix: str) -> list[str]: ...
