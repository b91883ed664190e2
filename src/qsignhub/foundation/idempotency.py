"""The answers to requests with an idempotency key: kept in the transaction of the effect they tell of.

A key is held by an advisory lock of that transaction, so whoever dies in the middle, by kill -9 too,
leaves neither an effect, nor an answer, nor a lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.foundation.database import Transaction, fetch_one
from qsignhub.foundation.errors import Conflict
from qsignhub.foundation.scope import Scope

KEPT_FOR = timedelta(hours=24)


class IdempotencyKeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"


class IdempotencyKeyInUse(Conflict):
    code = "IDEMPOTENCY_KEY_IN_USE"


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is the very bytes that were sent."""

    status: int
    body: bytes


async def hold(tx: Transaction, scope: Scope, key: str) -> None:
    """Holds a key until the transaction ends. Raises IdempotencyKeyInUse, without waiting."""
    row = await fetch_one(
        tx,
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS mine",
        (f"idempotency {scope.account_id} {scope.mode} {key}",),
    )
    if row is None or not row["mine"]:
        raise IdempotencyKeyInUse(
            "A request with this X-Idempotency-Key is still being worked on; try again in a moment."
        )


async def find(tx: Transaction, scope: Scope, key: str, fingerprint: bytes, now: datetime) -> Answer | None:
    """The answer given to the same request before. Raises IdempotencyKeyReused for another request's."""
    row = await fetch_one(
        tx,
        "SELECT fingerprint, status, body FROM idempotent_answers "
        "WHERE account_id = %s AND mode = %s AND key = %s AND created_at > %s",
        (scope.account_id, scope.mode, key, now - KEPT_FOR),
    )
    if row is None:
        return None
    if bytes(row["fingerprint"]) != fingerprint:
        raise IdempotencyKeyReused(
            "This X-Idempotency-Key was used with another request in the last 24 hours; use a fresh key."
        )
    return Answer(row["status"], bytes(row["body"]))


async def keep(
    tx: Transaction, scope: Scope, key: str, fingerprint: bytes, answer: Answer, now: datetime
) -> None:
    """Keeps an answer; one that is over 24 hours old gives way."""
    await tx.execute(
        "INSERT INTO idempotent_answers (account_id, mode, key, fingerprint, status, body, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (account_id, mode, key) DO UPDATE "
        "SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,"
        " created_at = excluded.created_at",
        (scope.account_id, scope.mode, key, fingerprint, answer.status, answer.body, now),
    )


async def forget(tx: Transaction, now: datetime) -> int:
    """Removes what is older than 24 hours, of all accounts; how many."""
    cursor = await tx.execute("DELETE FROM idempotent_answers WHERE created_at <= %s", (now - KEPT_FOR,))
    return cursor.rowcount
