"""The end of a request's time, as a job: it is looked at when the deadline has passed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope

EXPIRE_JOB: Final = "signature_requests.expire"
_MARGIN = timedelta(seconds=1)


async def look_at_deadline(
    jobs: Jobs, tx: Transaction, scope: Scope, request_id: str, remaining: timedelta | None = None
) -> None:
    """None: at once. A job that comes early finds out what remains, and comes back."""
    payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request_id}
    delay = None if remaining is None else remaining + _MARGIN
    await jobs.enqueue(tx, EXPIRE_JOB, payload, delay=delay)
