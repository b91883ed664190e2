"""Custody: a signer's key signs once, what the signer authorised, and every use is on record.

The record is custody's own, kept apart from the journal of the signing cycle: an auditor holds the
one against the other. A use is claimed before the key is touched; its outcome is recorded at once,
so that a caller that died in between finds it (``outcome``) instead of asking for a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from qsignhub.custody.activation import ActivationVerifier
from qsignhub.custody.errors import ActivationUsed
from qsignhub.custody.ports import OnceOnly, SigningKeys
from qsignhub.foundation.clock import Clock

_BEGUN = "custody.operation-begun"
_DONE = "custody.operation-done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``begun``: the key may or may not have been used; its authorisation is spent either way."""

    state: Literal["unused", "begun", "done"]
    signature: bytes | None = None


class Custody:
    def __init__(
        self, keys: SigningKeys, record: OnceOnly, verifier: ActivationVerifier, clock: Clock
    ) -> None:
        self._keys = keys
        self._record = record
        self._verifier = verifier
        self._clock = clock

    async def create_key(self, key_id: str) -> EllipticCurvePublicKey:
        """The public key (P-256) of a one-time signing key; asked again, the same one."""
        return await self._keys.create(key_id)

    async def sign(self, key_id: str, digest: bytes, activation: bytes) -> bytes:
        """ECDSA (DER) over a SHA-256 digest.

        Raises ActivationRefused and its kinds before the key is touched; KeyUnknown; CustodyUnavailable.
        """
        said = self._verifier.verify(activation, key_id=key_id, digest=digest, now=self._clock.now())
        name = _operation(key_id, said.id)
        if not await self._record.claim(_BEGUN, name, digest):
            raise ActivationUsed("The signing authorisation was used before.")
        signature = await self._keys.sign_digest(key_id, digest)
        await self._record.claim(_DONE, name, signature)
        return signature

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        """What became of an authorisation, without any use of the key."""
        name = _operation(key_id, activation_id)
        if (signature := await self._record.value(_DONE, name)) is not None:
            return Outcome("done", signature)
        begun = await self._record.value(_BEGUN, name) is not None
        return Outcome("begun" if begun else "unused")

    async def operations(self, key_id: str) -> list[str]:
        """The ids of all authorisations under which this key was put to use, in order."""
        return [name.rpartition("/")[2] for name in await self._record.names(_BEGUN, f"{key_id}/")]

    async def destroy_key(self, key_id: str) -> None:
        await self._keys.destroy(key_id)

    async def ping(self) -> None:
        await self._keys.ping()


def _operation(key_id: str, activation_id: str) -> str:
    return f"{key_id}/{activation_id}"
