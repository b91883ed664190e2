"""Rows for tests that need a message on record and no story behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from qsignhub.accounts.service import Accounts
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.notifications.model import Message
from qsignhub.notifications.repository import MessageRepository

NOW = datetime(2025, 1, 15, 11, 2, 50, tzinfo=UTC)


async def a_message_row(database: Database) -> tuple[Database, Scope, str, str]:
    """A waiting mail of a test account: the database, its scope, its id, its notice's id."""
    async with database.transaction() as tx:
        scope = await Accounts(SettableClock(NOW)).scope_of(tx, "acme", "test")
        document, request, signer = new_id("doc"), new_id("sreq"), new_id("sgn")
        await tx.execute(
            "INSERT INTO documents (id, account_id, mode, name, mime_type, size_bytes, sha256, blob_key,"
            " created_at, expires_at) VALUES (%s, %s, 'test', 'a.pdf', 'application/pdf', 1, '', '', %s, %s)",
            (document, scope.account_id, NOW, NOW),
        )
        await tx.execute(
            "INSERT INTO signature_requests (id, account_id, mode, document_id, status, signature_type,"
            " packaging, summary_mark, signing_order, fields, metadata, link_hash, link_sealed, created_at,"
            " expires_at) VALUES (%s, %s, 'test', %s, 'pending', 'qes', 'enveloped', false, 'parallel', '[]',"
            " '{}', %s, '', %s, %s)",
            (request, scope.account_id, document, request.encode(), NOW, NOW),
        )
        await tx.execute(
            "INSERT INTO signers (id, request_id, position, signing_position, name, email, status, link_hash,"
            " link_sealed)"
            " VALUES (%s, %s, 0, 1, 'Anna', 'anna@company.example', 'pending_verification', %s, '')",
            (signer, request, signer.encode()),
        )
        message = Message(
            id=new_id("msg"),
            scope=scope,
            notice_id=new_id("msg"),
            kind="invitation",
            channel="email",
            request_id=request,
            signer_id=signer,
            to="anna@company.example",
            status="waiting",
            created_at=NOW,
        )
        await MessageRepository(MasterKey(bytes(32))).add(tx, message)
    return database, scope, message.id, message.notice_id
