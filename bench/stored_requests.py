"""A great many signature requests, written straight into the tables as the service would have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from qsignhub.foundation.ids import new_token
from qsignhub.foundation.links import Links
from qsignhub.foundation.scope import Scope
from qsignhub.settings import Settings

_NEWEST = datetime(2026, 1, 1, tzinfo=UTC)
_STATUSES = ("pending", "cancelled", "expired", "in_progress")
_DOCUMENT = """
INSERT INTO documents (id, account_id, mode, name, mime_type, size_bytes, pages, sha256, blob_key, created_at,
                       expires_at)
VALUES (%s, %s, 'test', 'a', 'application/pdf', 1, 1, '', '', now(), now())
"""
_REQUEST_COLUMNS = (
    "id, account_id, mode, document_id, status, signature_type, signing_order, packaging, summary_mark,"
    " fields, metadata, link_hash, link_sealed, created_at, expires_at"
)
_SIGNER_COLUMNS = "id, request_id, position, signing_position, name, email, status, link_hash, link_sealed"


@dataclass(frozen=True, slots=True)
class Stored:
    api_key: str
    scope: Scope
    count: int

    def position(self, depth: int) -> tuple[datetime, str]:
        """``(created_at, id)`` of the entry before the page that begins at this depth."""
        return created_at(depth - 1), f"sreq_{self.count:08}{depth - 1:08}"


def created_at(index: int) -> datetime:
    return _NEWEST - timedelta(seconds=index)


async def store(settings: Settings, conninfo: str, api_key: str, account: str, count: int) -> Stored:
    """``count`` requests with one signer each, a second apart, of four statuses in turn."""
    links = Links(settings.open_master_key())
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        cursor = await connection.execute("SELECT id FROM accounts WHERE name = %s", (account,))
        [account_id] = await cursor.fetchone() or ("",)
        scope = Scope(account_id, "test")
        await connection.execute(_DOCUMENT, (f"doc_{count:016}", account_id))
        async with connection.cursor() as writing:
            async with writing.copy(f"COPY signature_requests ({_REQUEST_COLUMNS}) FROM STDIN") as copy:
                for index in range(count):
                    await copy.write_row(_request(links, account_id, count, index))
            async with writing.copy(f"COPY signers ({_SIGNER_COLUMNS}) FROM STDIN") as copy:
                for index in range(count):
                    await copy.write_row(_signer(links, count, index))
        await connection.execute("ANALYZE")
    return Stored(api_key, scope, count)


def _request(links: Links, account_id: str, count: int, index: int) -> tuple[object, ...]:
    request_id, token = f"sreq_{count:08}{index:08}", new_token()
    moment = created_at(index)
    return (
        *(request_id, account_id, "test", f"doc_{count:016}", _STATUSES[index % 4], "qes", "parallel"),
        *(
            "enveloped",
            False,
            "[]",
            "{}",
            links.hash(token),
            links.seal(request_id, token),
            moment,
            moment + timedelta(days=30),
        ),
    )


def _signer(links: Links, count: int, index: int) -> tuple[object, ...]:
    signer_id, token = f"sgn_{count:08}{index:08}", new_token()
    return (
        *(signer_id, f"sreq_{count:08}{index:08}", 0, 1, "Anna Kowalska", "anna@example.com"),
        *("pending_verification", links.hash(token), links.seal(signer_id, token)),
    )
