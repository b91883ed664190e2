"""What custody offers, and what it needs."""

from __future__ import annotations

from typing import Protocol

from qsignhub.custody.model import Outcome
from qsignhub.foundation.signature_algorithms import PublicKey, SignatureAlgorithm


class Custody(Protocol):
    """A place where signers' keys live: software, an HSM, a remote trust service. One adapter each.

    Every adapter checks the signer's authorisation by itself, with ``Gate``, before it touches a key: there
    is no other way in, for an administrator neither.
    """

    async def sign(self, key_id: str, message: bytes, activation: bytes) -> bytes:
        """The signature value over ``message``, under the key's algorithm: ECDSA-Sig-Value (DER), an RSA
        signature value, or the 64 octets of Ed25519.

        Raises ActivationRefused and its kinds before the key is touched; KeyUnknown; CustodyUnavailable.
        """
        ...

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        """What became of an authorisation, without any use of the key."""
        ...

    async def operations(self, key_id: str) -> list[str]:
        """The ids of all authorisations under which the key was put to use, in order."""
        ...

    async def ping(self) -> None:
        """Returns when keys can be used; raises CustodyUnavailable."""
        ...


class KeyCustody(Custody, Protocol):
    """A custody in our own hands: it makes keys and destroys them."""

    async def create_key(self, key_id: str, algorithm: SignatureAlgorithm) -> PublicKey:
        """Makes a key under this id and for this algorithm alone, or answers the one that is there.

        Raises KeyUnsuitable where the one that is there is for another algorithm; CustodyUnavailable.
        """
        ...

    async def destroy_key(self, key_id: str) -> None:
        """Makes the key unusable for ever; nothing happens if it is gone already."""
        ...


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
