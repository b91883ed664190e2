"""The signed files of requests, as the room of documents sees them: kept as long as the document."""

from __future__ import annotations

from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.repository import SignatureRequestRepository


class SignedFiles:
    def __init__(self, repository: SignatureRequestRepository, blobs: Blobs, clock: AccountClock) -> None:
        self._repository = repository
        self._blobs = blobs
        self._clock = clock

    async def are_being_made(self, tx: Transaction, scope: Scope, document_id: str) -> bool:
        return await self._repository.any_being_signed(tx, scope, document_id)

    async def remove(self, tx: Transaction, scope: Scope, document_id: str) -> None:
        """All blobs of the document's requests, prepared revisions and signed ones; no state changes."""
        now = await self._clock.now(tx, scope)
        for request_id in await self._repository.set_files_removed(tx, scope, document_id, now):
            await self._blobs.delete_prefix(f"requests/{scope.mode}/{request_id}/")
