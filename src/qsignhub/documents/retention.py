"""The end of a document: after 90 days its bytes are removed, what was signed of it too; records stay.

The days are the account's (``AccountClock``). The record says that the bytes are gone before they go, in the
same transaction: a crash in between leaves a document that is there, and is removed at the next try.
"""

from __future__ import annotations

from datetime import timedelta

from qsignhub.documents import repository
from qsignhub.documents.ports import SignedFiles
from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope

RETENTION_JOB = "documents.retention"

_MARGIN = timedelta(seconds=1)
_WHILE_BEING_SIGNED = timedelta(hours=1)


class Retention:
    def __init__(self, blobs: Blobs, signed_files: SignedFiles, clock: AccountClock, jobs: Jobs) -> None:
        self._blobs = blobs
        self._signed_files = signed_files
        self._clock = clock
        self._jobs = jobs

    async def end(self, tx: Transaction, scope: Scope, document_id: str) -> None:
        """Removes what a document's time is over for; early, or while it is being signed, it comes back."""
        being_signed = await self._signed_files.are_being_made(tx, scope, document_id)
        document = await repository.hold(tx, scope, document_id, alone=True)
        if document is None or document.purged_at is not None:
            return
        now = await self._clock.now(tx, scope)
        if now < document.expires_at:
            await schedule(self._jobs, tx, scope, document_id, document.expires_at - now)
            return
        if being_signed:
            await schedule(self._jobs, tx, scope, document_id, _WHILE_BEING_SIGNED)
            return
        await repository.set_purged(tx, scope, document_id, now)
        await self._signed_files.remove(tx, scope, document_id)
        await self._blobs.delete_prefix(folder_of(scope, document_id))


async def schedule(jobs: Jobs, tx: Transaction, scope: Scope, document_id: str, remaining: timedelta) -> None:
    payload = {"account_id": scope.account_id, "mode": scope.mode, "document_id": document_id}
    await jobs.enqueue(tx, RETENTION_JOB, payload, delay=remaining + _MARGIN if remaining else None)


def folder_of(scope: Scope, document_id: str) -> str:
    """Where all bytes of a document are: a prefix of its blobs' keys, with the slash."""
    return f"documents/{scope.mode}/{document_id}/"
