"""The peer of reading: a bare FastAPI route that makes one query with the same driver, and nothing else.

``uvicorn bench.bare_route:app`` with the conninfo in BENCH_CONNINFO. The query fetches what the answer shows,
a request with its signers, and the row goes out as it is: no key, no limit, no request id, no log, no links.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from fastapi import FastAPI
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

_QUERY = """
SELECT r.id, r.status, r.signature_type, r.document_id, r.signing_order, r.format, r.redirect_url, r.fields,
       r.metadata, r.created_at, r.expires_at,
       (SELECT json_agg(json_build_object('id', s.id, 'name', s.name, 'email', s.email, 'status', s.status,
                                          'order', s.signing_position) ORDER BY s.position)
        FROM signers s WHERE s.request_id = r.id) AS signers
FROM signature_requests r WHERE r.id = %s
"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncConnectionPool(
        os.environ["BENCH_CONNINFO"],
        min_size=4,
        max_size=12,
        connection_class=psycopg.AsyncConnection[dict[str, Any]],
        kwargs={"autocommit": True, "row_factory": dict_row},
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/signature-requests/{request_id}")
async def get_signature_request(request_id: str) -> dict[str, Any]:
    async with app.state.pool.connection() as connection:
        cursor = await connection.execute(_QUERY, (request_id,))
        return dict(await cursor.fetchone() or {})
