"""The journal of what protects finished files: their archive timestamps, and when those are looked at.

Of a request's archive timestamps the last ones count, and only their row has an ``archive_check_at``; or the
row of an extension that is under way, for the case that its job was held after failing too often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qsignhub.ceremonies.journal import Signing, finish, there
from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import SignatureRequest


@dataclass(frozen=True, slots=True)
class Stamps:
    """The tokens (DER) that the latest revision came with: a signature's own, or archive timestamps."""

    signing_id: str
    trust_service: str
    tokens: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Due:
    """A finished file whose archive timestamps, or the extension of those, are to be looked at."""

    scope: Scope
    request_id: str
    signing_id: str
    stamps: Stamps | None
    """None: their extension has begun and not ended."""


async def last_stamps(tx: Transaction, request: SignatureRequest) -> Stamps:
    row = await fetch_one(
        tx,
        "SELECT s.id, s.trust_service, s.timestamp_token, s.archive_tokens FROM signings s "
        "JOIN revisions v ON v.signing_id = s.id WHERE s.request_id = %s ORDER BY v.number DESC LIMIT 1",
        (request.id,),
    )
    return _stamps(there(row))


async def due(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    """The longest due first, of all accounts; they are held, and what others hold is left to them."""
    rows = await fetch_all(
        tx,
        "SELECT s.id, s.trust_service, s.timestamp_token, s.archive_tokens, s.request_id,"
        " s.finished_at IS NULL AS under_way, r.account_id, r.mode "
        "FROM signings s JOIN signature_requests r ON r.id = s.request_id "
        "WHERE s.archive_check_at <= %s ORDER BY s.archive_check_at LIMIT %s FOR UPDATE OF s SKIP LOCKED",
        (now, limit),
    )
    return [
        Due(
            Scope(row["account_id"], row["mode"]),
            row["request_id"],
            row["id"],
            None if row["under_way"] else _stamps(row),
        )
        for row in rows
    ]


async def look_again(tx: Transaction, signing_id: str, at: datetime | None) -> None:
    """None: never; other timestamps cover these, or the file is gone."""
    await tx.execute("UPDATE signings SET archive_check_at = %s WHERE id = %s", (at, signing_id))


async def begin_extension(
    tx: Transaction, request_id: str, stamps: Stamps, signing_id: str, now: datetime, check_at: datetime
) -> None:
    """Others are wanted over these, by the same trust service: it knows whose status they depend on.

    ``check_at``: when the extension is looked at, should it not have ended by then.
    """
    await tx.execute(
        "INSERT INTO signings (id, request_id, kind, step, trust_service, begun_at, archive_check_at) "
        "VALUES (%s, %s, 'extension', 'authorised', %s, %s, %s)",
        (signing_id, request_id, stamps.trust_service, now, check_at),
    )
    await look_again(tx, stamps.signing_id, None)


async def end_extension(tx: Transaction, signing: Signing, now: datetime, refusal_code: str) -> None:
    """It made nothing, and is not looked at again."""
    await finish(tx, signing, now, refusal_code)
    await look_again(tx, signing.id, None)


def _stamps(row: Row) -> Stamps:
    tokens = row["archive_tokens"] or [there(row["timestamp_token"])]
    return Stamps(row["id"], row["trust_service"], [bytes(one) for one in tokens])
