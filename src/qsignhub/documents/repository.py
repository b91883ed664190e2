"""All SQL of documents."""

from __future__ import annotations

from dataclasses import asdict

from qsignhub.documents.model import Document
from qsignhub.foundation.database import Row, Transaction, fetch_one
from qsignhub.foundation.scope import Scope


async def insert(tx: Transaction, scope: Scope, document: Document) -> None:
    await tx.execute(
        "INSERT INTO documents (id, account_id, mode, name, locale, mime_type, size_bytes, pages, sha256,"
        " blob_key, preview_key, created_at, expires_at) "
        "VALUES (%(id)s, %(account_id)s, %(mode)s, %(name)s, %(locale)s, %(mime_type)s, %(size_bytes)s,"
        " %(pages)s, %(sha256)s, %(blob_key)s, %(preview_key)s, %(created_at)s, %(expires_at)s)",
        asdict(document) | {"account_id": scope.account_id, "mode": scope.mode},
    )


async def find(tx: Transaction, scope: Scope, document_id: str) -> Document | None:
    row = await fetch_one(
        tx,
        "SELECT * FROM documents WHERE id = %s AND account_id = %s AND mode = %s",
        (document_id, scope.account_id, scope.mode),
    )
    return _document(row) if row else None


def _document(row: Row) -> Document:
    return Document(**{name: row[name] for name in Document.__slots__ if name in row})
