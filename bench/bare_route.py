"""The peer of reading: a bare FastAPI route that makes one query with the same driver, and nothing else.

``uvicorn bench.bare_route:app`` with the conninfo in BENCH_CONNINFO: no key, no limit, no id of the request,
no signers, no links; the row goes out as it is.
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
        cursor = await connection.execute(
            "SELECT id, status, signature_type, document_id, signing_order, redirect_url, metadata,"
            " created_at, expires_at FROM signature_requests WHERE id = %s",
            (request_id,),
        )
        return dict(await cursor.fetchone() or {})
