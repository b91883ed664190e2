"""All SQL of identity verifications. A signer belongs to one account, and so does the result."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope
from qsignhub.identity.model import Identity, Verification


async def save(tx: Transaction, scope: Scope, signer_id: str, verification: Verification) -> None:
    """Keeps the latest verification of a signer of this scope."""
    await tx.execute(
        "INSERT INTO identity_verifications (signer_id, account_id, mode, status, method, full_name,"
        " document_type, document_country, date_of_birth, document_expiry, match_score, liveness_check,"
        " failure_reason, hints, verified_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (signer_id) DO UPDATE SET status = excluded.status, method = excluded.method,"
        " full_name = excluded.full_name, document_type = excluded.document_type,"
        " document_country = excluded.document_country, date_of_birth = excluded.date_of_birth,"
        " document_expiry = excluded.document_expiry, match_score = excluded.match_score,"
        " liveness_check = excluded.liveness_check, failure_reason = excluded.failure_reason,"
        " hints = excluded.hints, verified_at = excluded.verified_at",
        (
            signer_id,
            scope.account_id,
            scope.mode,
            verification.status,
            verification.method,
            *_identity_columns(verification.identity),
            verification.liveness_check,
            verification.failure_reason,
            Jsonb(dict(verification.hints)),
            verification.verified_at,
        ),
    )


async def find(tx: Transaction, scope: Scope, signer_id: str) -> Verification | None:
    row = await fetch_one(
        tx,
        "SELECT * FROM identity_verifications WHERE signer_id = %s AND account_id = %s AND mode = %s",
        (signer_id, scope.account_id, scope.mode),
    )
    return _verification(row) if row else None


async def find_all(tx: Transaction, scope: Scope, signer_ids: Sequence[str]) -> dict[str, Verification]:
    """By the signer's id; who was not verified yet is not there."""
    rows = await fetch_all(
        tx,
        "SELECT * FROM identity_verifications WHERE signer_id = ANY(%s) AND account_id = %s AND mode = %s",
        (list(signer_ids), scope.account_id, scope.mode),
    )
    return {row["signer_id"]: _verification(row) for row in rows}


def _identity_columns(identity: Identity | None) -> tuple[object, ...]:
    names = Identity.__slots__
    return tuple(getattr(identity, name) if identity else None for name in names)


def _verification(row: Row) -> Verification:
    identity = None
    if row["full_name"] is not None:
        identity = Identity(**{name: row[name] for name in Identity.__slots__})
    return Verification(
        status=row["status"],
        method=row["method"],
        verified_at=row["verified_at"],
        identity=identity,
        liveness_check=row["liveness_check"],
        failure_reason=row["failure_reason"],
        hints=row["hints"],
    )
