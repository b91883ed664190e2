"""All SQL of messages."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.notifications.model import Content, KeptMessage, Message, MessageStatus

_SEAL = "notifications.content"


class MessageRepository:
    """What a message says is sealed at rest: a signing link stands in it."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    async def add(self, tx: Transaction, message: Message) -> bool:
        """False if the notice has its message on this channel already."""
        row = await fetch_one(
            tx,
            "INSERT INTO messages (id, account_id, mode, notice_id, kind, channel, request_id, signer_id,"
            " recipient, status, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (notice_id, channel) DO NOTHING RETURNING id",
            (
                *(message.id, message.scope.account_id, message.scope.mode, message.notice_id),
                *(message.kind, message.channel, message.request_id, message.signer_id),
                *(message.to, message.status, message.created_at),
            ),
        )
        return row is not None

    async def lock(self, tx: Transaction, scope: Scope, message_id: str) -> Message | None:
        """The message, held until the transaction ends: whoever sends it, sends it alone."""
        row = await fetch_one(
            tx,
            "SELECT * FROM messages WHERE id = %s AND account_id = %s AND mode = %s FOR UPDATE",
            (message_id, scope.account_id, scope.mode),
        )
        return _message(row) if row else None

    async def settle(
        self,
        tx: Transaction,
        message: Message,
        status: MessageStatus,
        now: datetime,
        failure: tuple[str, str] | None = None,
    ) -> None:
        """``failure`` is a code and a sentence that says why it was not sent."""
        code, reason = failure or (None, None)
        await tx.execute(
            "UPDATE messages SET status = %s, settled_at = %s, failure_code = %s, failure_message = %s "
            "WHERE id = %s AND account_id = %s AND mode = %s",
            (status, now, code, reason, message.id, message.scope.account_id, message.scope.mode),
        )

    async def keep_content(self, tx: Transaction, scope: Scope, message_id: str, content: Content) -> None:
        sealed = self._master_key.seal(_SEAL, message_id, json.dumps(asdict(content)).encode())
        await tx.execute(
            "UPDATE messages SET content_sealed = %s WHERE id = %s AND account_id = %s AND mode = %s",
            (sealed, message_id, scope.account_id, scope.mode),
        )

    async def list_kept(
        self,
        tx: Transaction,
        scope: Scope,
        *,
        request_id: str | None,
        signer_id: str | None,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> list[KeptMessage]:
        """The outbox from the newest to the oldest; ``after`` is where the page before ended."""
        moment, message_id = after or (None, None)
        rows = await fetch_all(
            tx,
            "SELECT * FROM messages WHERE account_id = %(account)s AND mode = %(mode)s AND status = 'stored'"
            " AND (%(request)s::text IS NULL OR request_id = %(request)s)"
            " AND (%(signer)s::text IS NULL OR signer_id = %(signer)s)"
            " AND (%(moment)s::timestamptz IS NULL OR (created_at, id) < (%(moment)s, %(id)s))"
            " ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
            {
                "account": scope.account_id,
                "mode": scope.mode,
                "request": request_id,
                "signer": signer_id,
                "moment": moment,
                "id": message_id,
                "limit": limit,
            },
        )
        return [KeptMessage(_message(row), self._content(row)) for row in rows]

    def _content(self, row: Row) -> Content:
        opened = self._master_key.unseal(_SEAL, row["id"], bytes(row["content_sealed"]))
        return Content(**json.loads(opened))


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        scope=Scope(row["account_id"], row["mode"]),
        notice_id=row["notice_id"],
        kind=row["kind"],
        channel=row["channel"],
        request_id=row["request_id"],
        signer_id=row["signer_id"],
        to=row["recipient"],
        status=row["status"],
        created_at=row["created_at"],
    )
