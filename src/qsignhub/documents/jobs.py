"""The job of this room: the end of retention."""

from __future__ import annotations

from collections.abc import Mapping

from qsignhub.documents.retention import RETENTION_JOB, Retention
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import JobHandler
from qsignhub.foundation.jobs.runner import Payload
from qsignhub.foundation.scope import Scope


def handlers(retention: Retention) -> Mapping[str, JobHandler]:
    async def end_retention(tx: Transaction, payload: Payload) -> None:
        await retention.end(tx, Scope(payload["account_id"], payload["mode"]), payload["document_id"])

    return {RETENTION_JOB: JobHandler(end_retention)}
