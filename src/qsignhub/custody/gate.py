"""The gate before every key: what the signer authorised passes, once, and every use is on record.

The record is custody's own, kept apart from the journal of the signing cycle: an auditor holds the
one against the other. A use is claimed before the key is touched; its outcome is recorded at once,
so that a caller that died in between finds it (``outcome``) instead of asking for a second one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from qsignhub.custody.activation import Activation, ActivationVerifier
from qsignhub.custody.errors import ActivationUsed
from qsignhub.custody.model import Outcome
from qsignhub.custody.ports import OnceOnly
from qsignhub.foundation.clock import Clock

_BEGUN = "custody.operation-begun"
_DONE = "custody.operation-done"


class Gate:
    """Asks nobody but the authorisation itself (CEN EN 419 241-1, SCAL2)."""

    def __init__(self, record: OnceOnly, verifier: ActivationVerifier, clock: Clock) -> None:
        self._record = record
        self._verifier = verifier
        self._clock = clock

    def check(self, key_id: str, message: bytes, activation: bytes) -> Activation:
        """The authorisation, if it is for this key and this message, and current.

        Raises ActivationRefused, ActivationExpired.
        """
        digest = hashlib.sha256(message).digest()
        return self._verifier.verify(activation, key_id=key_id, digest=digest, now=self._clock.now())

    async def use(
        self, key_id: str, message: bytes, activation: bytes, do: Callable[[Activation], Awaitable[bytes]]
    ) -> bytes:
        """Has ``do`` make the signature, if this authorisation was never used before; ``check`` included.

        What ``do`` raises comes out, and leaves the authorisation spent. Raises ActivationUsed.
        """
        said = self.check(key_id, message, activation)
        name = _operation(key_id, said.id)
        if not await self._record.claim(_BEGUN, name, said.digest):
            raise ActivationUsed("The signing authorisation was used before.")
        signature = await do(said)
        await self._record.claim(_DONE, name, signature)
        return signature

    async def outcome(self, key_id: str, activation_id: str) -> Outcome:
        """In the order in which they are claimed: what was not begun is not done."""
        name = _operation(key_id, activation_id)
        if await self._record.value(_BEGUN, name) is None:
            return Outcome("unused")
        signature = await self._record.value(_DONE, name)
        return Outcome("begun") if signature is None else Outcome("done", signature)

    async def operations(self, key_id: str) -> list[str]:
        return [name.rpartition("/")[2] for name in await self._record.names(_BEGUN, f"{key_id}/")]


def _operation(key_id: str, activation_id: str) -> str:
    return f"{key_id}/{activation_id}"
