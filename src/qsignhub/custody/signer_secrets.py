"""What a signer enters to unlock a key at a remote trust service: held for minutes, given out once.

It is entered on the signing page and used by a worker, so it lies between the two for a while: sealed at
rest, and never in a log, an error, an event or a job's payload.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from qsignhub.custody.errors import CustodyUnavailable
from qsignhub.custody.ports import OnceOnly, SecretStore
from qsignhub.foundation.clock import Clock

LIFETIME = timedelta(minutes=10)
KIND = "custody.signer-credentials"
_TAKEN = "custody.signer-credentials-taken"


@dataclass(frozen=True, slots=True)
class SignerCredentials:
    """PIN and one-time code; or the code of a consent with what redeems it (OAuth 2.0, PKCE)."""

    pin: str | None = field(default=None, repr=False)
    otp: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    code_verifier: str | None = field(default=None, repr=False)
    redirect_uri: str | None = None


class SignerSecrets(Protocol):
    async def keep(self, signer_id: str, credentials: SignerCredentials) -> None:
        """Instead of what was kept for this signer before."""
        ...

    async def waiting(self, signer_id: str) -> SignerCredentials | None:
        """What ``take`` would give, left where it is."""
        ...

    async def take(self, signer_id: str) -> SignerCredentials | None:
        """Once; None if there is nothing, it was taken, or its ten minutes are over."""
        ...

    async def forget(self, signer_id: str) -> None: ...


class SealedSignerSecrets:
    """In the vault; ``record`` sees to it that of two that take at once only one gets it."""

    def __init__(self, store: SecretStore, record: OnceOnly, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._clock = clock

    async def keep(self, signer_id: str, credentials: SignerCredentials) -> None:
        kept = {
            "id": secrets.token_hex(16),
            "until": (self._clock.now() + LIFETIME).timestamp(),
            "credentials": asdict(credentials),
        }
        encoded = json.dumps(kept).encode()
        await self._store.destroy(KIND, signer_id)
        if not await self._store.keep(KIND, signer_id, encoded):
            # another page of the same signer was faster by a hair; the signer enters it again
            raise CustodyUnavailable("What the signer entered could not be kept.")

    async def waiting(self, signer_id: str) -> SignerCredentials | None:
        found = await self._found(signer_id)
        if found is None or await self._record.value(_TAKEN, found[0]) is not None:
            return None
        return found[1]

    async def take(self, signer_id: str) -> SignerCredentials | None:
        found = await self._found(signer_id)
        if found is None or not await self._record.claim(_TAKEN, found[0], b""):
            return None
        await self._store.destroy(KIND, signer_id)
        return found[1]

    async def forget(self, signer_id: str) -> None:
        await self._store.destroy(KIND, signer_id)

    async def _found(self, signer_id: str) -> tuple[str, SignerCredentials] | None:
        encoded = await self._store.reveal(KIND, signer_id)
        if encoded is None:
            return None
        kept = json.loads(encoded)
        if datetime.fromtimestamp(kept["until"], UTC) <= self._clock.now():
            await self._store.destroy(KIND, signer_id)
            return None
        return kept["id"], SignerCredentials(**kept["credentials"])
