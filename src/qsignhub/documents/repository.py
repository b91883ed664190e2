"""All SQL of documents."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import LiteralString

from psycopg.types.json import Jsonb

from qsignhub.documents.model import Document, Hazard
from qsignhub.documents.page_boxes import PageBoxes
from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope

_FIND: LiteralString = "SELECT * FROM documents WHERE id = %s AND account_id = %s AND mode = %s"
_HELD = {
    # Shared with others that hold it; with the second, whoever holds it stands alone.
    "shared": _FIND + " FOR SHARE",
    "alone": _FIND + " FOR UPDATE",
}


async def insert(tx: Transaction, scope: Scope, document: Document) -> None:
    columns = {field.name: getattr(document, field.name) for field in fields(document)} | {
        "account_id": scope.account_id,
        "mode": scope.mode,
        "page_boxes": Jsonb(document.page_boxes.as_json()),
        "hazards": Jsonb([asdict(hazard) for hazard in document.hazards]),
    }
    names = ", ".join(columns)
    places = ", ".join(f"%({name})s" for name in columns)
    await tx.execute(f"INSERT INTO documents ({names}) VALUES ({places})", columns)  # noqa: S608  # our own names


async def find(tx: Transaction, scope: Scope, document_id: str) -> Document | None:
    return await _find(tx, _FIND, scope, document_id)


async def hold(tx: Transaction, scope: Scope, document_id: str, *, alone: bool = False) -> Document | None:
    """The document, kept as it is by others until the transaction ends."""
    return await _find(tx, _HELD["alone" if alone else "shared"], scope, document_id)


async def page(
    tx: Transaction, scope: Scope, after: tuple[datetime, str] | None, limit: int
) -> list[Document]:
    """Those that are there, newest first, from the first one after ``after``, (created_at, id)."""
    rows = await fetch_all(
        tx,
        "SELECT * FROM documents WHERE account_id = %(account)s AND mode = %(mode)s"
        " AND deleted_at IS NULL AND purged_at IS NULL"
        " AND (%(created_at)s::timestamptz IS NULL OR (created_at, id) < (%(created_at)s, %(id)s::text)) "
        "ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
        {
            "account": scope.account_id,
            "mode": scope.mode,
            "created_at": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [_document(row) for row in rows]


async def set_deleted(tx: Transaction, scope: Scope, document_id: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE documents SET deleted_at = %s WHERE id = %s AND account_id = %s AND mode = %s",
        (now, document_id, scope.account_id, scope.mode),
    )


async def set_purged(tx: Transaction, scope: Scope, document_id: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE documents SET purged_at = %s WHERE id = %s AND account_id = %s AND mode = %s",
        (now, document_id, scope.account_id, scope.mode),
    )


async def due(tx: Transaction, scope: Scope, now: datetime) -> list[str]:
    """Ids of those whose retention is over and whose bytes are still there."""
    rows = await fetch_all(
        tx,
        "SELECT id FROM documents WHERE account_id = %s AND mode = %s AND purged_at IS NULL"
        " AND expires_at <= %s ORDER BY expires_at",
        (scope.account_id, scope.mode, now),
    )
    return [row["id"] for row in rows]


async def _find(tx: Transaction, statement: LiteralString, scope: Scope, document_id: str) -> Document | None:
    row = await fetch_one(tx, statement, (document_id, scope.account_id, scope.mode))
    return _document(row) if row else None


def _document(row: Row) -> Document:
    columns = {field.name: row[field.name] for field in fields(Document)}
    columns["page_boxes"] = PageBoxes.from_json(row["page_boxes"])
    columns["hazards"] = tuple(Hazard(**hazard) for hazard in row["hazards"])
    return Document(**columns)
