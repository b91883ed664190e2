"""PostgreSQL: one pool, one transaction per request or job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from qsignhub.foundation.errors import Unavailable

Row: TypeAlias = dict[str, Any]
Transaction: TypeAlias = psycopg.AsyncConnection[Row]
"""A connection with an open transaction. Rooms run statements on it; only the entrance commits."""


class DatabaseUnavailable(Unavailable):
    code = "DATABASE_UNAVAILABLE"


class Database:
    """The pool. ``transaction()`` is for entrances: it commits when the block ends, else rolls back."""

    def __init__(self, conninfo: str, *, connections: int = 10) -> None:
        self.conninfo = conninfo
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=min(2, connections),
            max_size=connections,
            timeout=10,
            open=False,
            connection_class=psycopg.AsyncConnection[Row],
            kwargs={"autocommit": True, "row_factory": dict_row},
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        try:
            await self._pool.open(wait=True, timeout=30)
        except PoolTimeout as exc:
            raise DatabaseUnavailable("The database does not answer.") from exc

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as exc:
            raise DatabaseUnavailable(
                "The database does not answer just now; try again in a moment."
            ) from exc

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Transaction]:
        """A connection on which each statement commits by itself: for what must outlive a rollback."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as exc:
            raise DatabaseUnavailable(
                "The database does not answer just now; try again in a moment."
            ) from exc

    async def ping(self) -> None:
        async with self.autocommit() as connection:
            await connection.execute("SELECT 1")


async def fetch_one(tx: Transaction, statement: Any, parameters: Any = None) -> Row | None:
    cursor = await tx.execute(statement, parameters)
    return await cursor.fetchone()


async def fetch_all(tx: Transaction, statement: Any, parameters: Any = None) -> list[Row]:
    cursor = await tx.execute(statement, parameters)
    return await cursor.fetchall()
