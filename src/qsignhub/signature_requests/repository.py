"""All SQL of signature requests, their signers and their signed revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from qsignhub.foundation.database import Database, Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.links import Links
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import (
    Field,
    Filters,
    Reminder,
    Revision,
    SignatureRequest,
    SignatureTimestamp,
    Signer,
    SigningCertificate,
)

# The signers come along in the same statement. Not where the request is locked: a statement that waited
# for the lock would see the request as it is now and the signers as they were before.
_SELECT = """
SELECT r.*, (SELECT json_agg(s ORDER BY s.position) FROM signers s WHERE s.request_id = r.id) AS signers
FROM signature_requests r WHERE r.account_id = %(account_id)s AND r.mode = %(mode)s
"""
_FIND = _SELECT + " AND r.id = %(id)s"
_FIND_ALL = """
SELECT asked.number, r.*,
       (SELECT json_agg(s ORDER BY s.position) FROM signers s WHERE s.request_id = r.id) AS signers
FROM unnest(%(ids)s::text[], %(account_ids)s::text[], %(modes)s::text[])
     WITH ORDINALITY AS asked (id, account_id, mode, number)
JOIN signature_requests r ON r.id = asked.id AND r.account_id = asked.account_id AND r.mode = asked.mode
"""
_LOCK = """
SELECT id FROM signature_requests WHERE account_id = %(account_id)s AND mode = %(mode)s AND id = %(id)s
FOR UPDATE
"""
_LIST_FILTERS = {
    "status": " AND r.status = %(status)s",
    "created_from": " AND r.created_at >= %(created_from)s",
    "created_to": " AND r.created_at < %(created_to)s",
    "after": " AND (r.created_at, r.id) < (%(after_time)s, %(after_id)s)",
}
_LIST_ORDER = " ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s"


class SignatureRequestRepository:
    def __init__(self, links: Links) -> None:
        self._links = links

    async def insert(self, tx: Transaction, request: SignatureRequest) -> None:
        columns = {
            "id": request.id,
            "account_id": request.scope.account_id,
            "mode": request.scope.mode,
            "document_id": request.document_id,
            "status": request.status,
            "signature_type": request.signature_type,
            "signing_order": request.signing_order,
            "format": request.format,
            "packaging": request.packaging,
            "redirect_url": request.redirect_url,
            "fields": Jsonb([asdict(field) for field in request.fields]),
            "summary_mark": request.summary_mark,
            "metadata": Jsonb(dict(request.metadata)),
            "created_at": request.created_at,
            "expires_at": request.expires_at,
            **self._link_columns(request.id, request.link_token),
        }
        await _insert(tx, "signature_requests", columns)
        for signer in request.signers:
            await self._insert_signer(tx, request.id, signer)

    async def find(
        self, tx: Transaction, scope: Scope, request_id: str, *, lock: bool = False
    ) -> SignatureRequest | None:
        parameters = {"account_id": scope.account_id, "mode": scope.mode, "id": request_id}
        if lock and await fetch_one(tx, _LOCK, parameters) is None:
            return None
        row = await fetch_one(tx, _FIND, parameters)
        return self._request(row) if row else None

    async def find_all(
        self, database: Database, wanted: Sequence[tuple[Scope, str]]
    ) -> list[SignatureRequest | None]:
        """``find`` for many at once, each in its own scope, without a transaction: one exchange."""
        parameters = {
            "ids": [request_id for _, request_id in wanted],
            "account_ids": [scope.account_id for scope, _ in wanted],
            "modes": [scope.mode for scope, _ in wanted],
        }
        rows = {row["number"]: row for row in await database.ask_all(_FIND_ALL, parameters)}
        return [
            self._request(rows[number]) if number in rows else None for number in range(1, len(wanted) + 1)
        ]

    async def list_page(
        self,
        tx: Transaction,
        scope: Scope,
        filters: Filters,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> list[SignatureRequest]:
        """Up to ``limit`` requests, the newest first, beginning behind the one of ``after``."""
        created, request_id = after or (None, None)
        asked = asdict(filters)
        wanted = [name for name, value in asked.items() if value is not None] + ["after"] * bool(after)
        statement = _SELECT + "".join(_LIST_FILTERS[name] for name in wanted) + _LIST_ORDER
        parameters = asked | {
            "account_id": scope.account_id,
            "mode": scope.mode,
            "after_time": created,
            "after_id": request_id,
            "limit": limit,
        }
        return [self._request(row) for row in await fetch_all(tx, statement, parameters)]

    async def due(self, tx: Transaction, scope: Scope, now: datetime) -> list[str]:
        """Open requests whose deadline has passed."""
        rows = await fetch_all(
            tx,
            "SELECT id FROM signature_requests WHERE account_id = %s AND mode = %s AND expires_at <= %s "
            "AND status IN ('pending', 'in_progress')",
            (scope.account_id, scope.mode, now),
        )
        return [row["id"] for row in rows]

    async def find_by_link(self, tx: Transaction, token: str) -> tuple[Scope, str] | None:
        row = await fetch_one(
            tx,
            "SELECT id, account_id, mode FROM signature_requests WHERE link_hash = %s",
            (self._links.hash(token),),
        )
        return (Scope(row["account_id"], row["mode"]), row["id"]) if row else None

    async def find_signer_by_link(self, tx: Transaction, token: str) -> tuple[Scope, str, str] | None:
        row = await fetch_one(
            tx,
            "SELECT s.id AS signer_id, r.id, r.account_id, r.mode "
            "FROM signers s JOIN signature_requests r ON r.id = s.request_id WHERE s.link_hash = %s",
            (self._links.hash(token),),
        )
        return (Scope(row["account_id"], row["mode"]), row["id"], row["signer_id"]) if row else None

    async def set_state(self, tx: Transaction, request: SignatureRequest) -> None:
        """Stores where the request stands: its status, and when and why it came to an end."""
        await tx.execute(
            "UPDATE signature_requests SET status = %s, completed_at = %s, cancelled_at = %s,"
            " cancel_reason = %s WHERE id = %s AND account_id = %s AND mode = %s",
            (
                request.status,
                request.completed_at,
                request.cancelled_at,
                request.cancel_reason,
                request.id,
                request.scope.account_id,
                request.scope.mode,
            ),
        )

    async def add_signer(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> None:
        await self._insert_signer(tx, request.id, signer)

    async def set_invited(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, now: datetime
    ) -> None:
        await tx.execute(
            "UPDATE signers SET invited_at = coalesce(invited_at, %s) WHERE id = %s AND request_id = %s",
            (now, signer.id, request.id),
        )

    async def reminders(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> list[Reminder]:
        rows = await fetch_all(
            tx,
            "SELECT m.number, m.channel, m.sent_at FROM reminders m JOIN signers s ON s.id = m.signer_id "
            "WHERE s.id = %s AND s.request_id = %s ORDER BY m.number",
            (signer.id, request.id),
        )
        return [Reminder(**row) for row in rows]

    async def add_reminder(self, tx: Transaction, signer: Signer, reminder: Reminder) -> None:
        """``signer`` is of a request that the caller holds locked."""
        await _insert(tx, "reminders", {"signer_id": signer.id, **asdict(reminder)})

    async def set_signer_status(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signer: Signer,
        status: str,
        failure: tuple[str, str] | None = None,
    ) -> None:
        code, message = failure or (None, None)
        await tx.execute(
            "UPDATE signers SET status = %s, failure_code = %s, failure_message = %s "
            "WHERE id = %s AND request_id = %s",
            (status, code, message, signer.id, request.id),
        )

    async def set_signed(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signer: Signer,
        signed_at: datetime,
        certificate: SigningCertificate,
        timestamp: SignatureTimestamp,
    ) -> None:
        await tx.execute(
            "UPDATE signers SET status = 'signed', signed_at = %s, certificate = %s,"
            " signature_timestamp = %s WHERE id = %s AND request_id = %s",
            (signed_at, Jsonb(asdict(certificate)), Jsonb(asdict(timestamp)), signer.id, request.id),
        )

    async def latest_revision(self, tx: Transaction, request: SignatureRequest) -> Revision | None:
        row = await fetch_one(
            tx,
            "SELECT number, blob_key, sha256, size_bytes FROM revisions v "
            "JOIN signature_requests r ON r.id = v.request_id "
            "WHERE v.request_id = %s AND r.account_id = %s AND r.mode = %s ORDER BY number DESC LIMIT 1",
            (request.id, request.scope.account_id, request.scope.mode),
        )
        return Revision(**row) if row else None

    async def add_revision(
        self, tx: Transaction, request: SignatureRequest, signing_id: str, revision: Revision, now: datetime
    ) -> None:
        """Fails on a number or a signing that has its revision already: a signature is published once."""
        columns = asdict(revision) | {
            "request_id": request.id,
            "signing_id": signing_id,
            "created_at": now,
        }
        await _insert(tx, "revisions", columns)

    async def any_open_on(self, tx: Transaction, scope: Scope, document_id: str) -> bool:
        row = await fetch_one(
            tx,
            "SELECT 1 FROM signature_requests WHERE document_id = %s AND account_id = %s AND mode = %s"
            " AND status IN ('pending', 'in_progress') LIMIT 1",
            (document_id, scope.account_id, scope.mode),
        )
        return row is not None

    async def any_being_signed(self, tx: Transaction, scope: Scope, document_id: str) -> bool:
        """Whether a signer's signature, or the timestamp after the last one, is under way.

        The document's requests are held until the transaction ends: none moves on meanwhile.
        """
        await tx.execute(
            "SELECT 1 FROM signature_requests WHERE document_id = %s AND account_id = %s AND mode = %s"
            " ORDER BY id FOR UPDATE",
            (document_id, scope.account_id, scope.mode),
        )
        row = await fetch_one(
            tx,
            "SELECT 1 FROM signature_requests r WHERE document_id = %s AND account_id = %s AND mode = %s"
            " AND status IN ('pending', 'in_progress')"
            " AND (EXISTS (SELECT 1 FROM signers WHERE request_id = r.id AND status = 'signing')"
            " OR NOT EXISTS (SELECT 1 FROM signers WHERE request_id = r.id AND status <> 'signed')) LIMIT 1",
            (document_id, scope.account_id, scope.mode),
        )
        return row is not None

    async def set_files_removed(
        self, tx: Transaction, scope: Scope, document_id: str, now: datetime
    ) -> list[str]:
        """Notes on each request of a document that its files are gone; the requests' ids."""
        rows = await fetch_all(
            tx,
            "UPDATE signature_requests SET files_removed_at = coalesce(files_removed_at, %s)"
            " WHERE document_id = %s AND account_id = %s AND mode = %s RETURNING id",
            (now, document_id, scope.account_id, scope.mode),
        )
        return [row["id"] for row in rows]

    async def files_removed_at(self, tx: Transaction, request: SignatureRequest) -> datetime | None:
        row = await fetch_one(
            tx,
            "SELECT files_removed_at FROM signature_requests WHERE id = %s AND account_id = %s AND mode = %s",
            (request.id, request.scope.account_id, request.scope.mode),
        )
        return row["files_removed_at"] if row else None

    def _link_columns(self, owner_id: str, token: str) -> dict[str, Any]:
        return {"link_hash": self._links.hash(token), "link_sealed": self._links.seal(owner_id, token)}

    async def _insert_signer(self, tx: Transaction, request_id: str, signer: Signer) -> None:
        columns = {
            "id": signer.id,
            "request_id": request_id,
            "position": signer.position,
            "signing_position": signer.order,
            "name": signer.name,
            "email": signer.email,
            "phone": signer.phone,
            "locale": signer.locale,
            "identity_method": signer.identity_method,
            "identity_country": signer.identity_country,
            "test_document": signer.test_document,
            "reason": signer.reason,
            "status": signer.status,
            **self._link_columns(signer.id, signer.link_token),
        }
        await _insert(tx, "signers", columns)

    def _request(self, row: Row) -> SignatureRequest:
        return SignatureRequest(
            id=row["id"],
            scope=Scope(row["account_id"], row["mode"]),
            document_id=row["document_id"],
            status=row["status"],
            signature_type=row["signature_type"],
            signing_order=row["signing_order"],
            format=row["format"],
            packaging=row["packaging"],
            redirect_url=row["redirect_url"],
            fields=tuple(Field(**field) for field in row["fields"]),
            metadata=row["metadata"],
            link_token=self._links.reveal(row["id"], bytes(row["link_sealed"])),
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            completed_at=row["completed_at"],
            cancelled_at=row["cancelled_at"],
            cancel_reason=row["cancel_reason"],
            signers=tuple(self._signer(signer) for signer in row["signers"]),
            summary_mark=row["summary_mark"],
        )

    def _signer(self, row: Row) -> Signer:
        """``row`` is JSON of PostgreSQL's making: bytes are hexadecimal after a backslash and an x."""
        return Signer(
            id=row["id"],
            position=row["position"],
            order=row["signing_position"],
            name=row["name"],
            email=row["email"],
            phone=row["phone"],
            locale=row["locale"],
            identity_method=row["identity_method"],
            identity_country=row["identity_country"],
            test_document=row["test_document"],
            status=row["status"],
            failure_code=row["failure_code"],
            failure_message=row["failure_message"],
            link_token=self._links.reveal(row["id"], bytes.fromhex(row["link_sealed"][2:])),
            invited_at=_moment(row["invited_at"]),
            signed_at=_moment(row["signed_at"]),
            certificate=SigningCertificate(**row["certificate"]) if row["certificate"] else None,
            timestamp=SignatureTimestamp(**row["signature_timestamp"])
            if row["signature_timestamp"]
            else None,
            reason=row["reason"],
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


async def count_open(tx: Transaction) -> dict[str, int]:
    """Open requests by status. For the operator, so of all accounts together."""
    rows = await fetch_all(
        tx,
        "SELECT status, count(*) AS total FROM signature_requests "
        "WHERE status IN ('pending', 'in_progress') GROUP BY status",
    )
    return {"pending": 0, "in_progress": 0} | {row["status"]: row["total"] for row in rows}


async def _insert(tx: Transaction, table: str, columns: dict[str, Any]) -> None:
    names = ", ".join(columns)
    places = ", ".join(f"%({name})s" for name in columns)
    await tx.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", columns)  # noqa: S608  # our own names
