"""PostgreSQL: one pool, one transaction per request or job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from qsignhub.foundation.errors import Unavailable

Row: TypeAlias = dict[str, Any]
Transaction: TypeAlias = psycopg.AsyncConnection[Row]
"""A connection with an open transaction. Rooms run statements on it; only the entrance commits."""


_First: TypeAlias = Callable[[Transaction, AsyncExitStack], Awaitable[None]]


class DatabaseUnavailable(Unavailable):
    code = "DATABASE_UNAVAILABLE"


_UNANSWERED = "The database does not answer just now; try again in a moment."


class Database:
    """The pool. ``transaction()`` is for entrances: it commits when the block ends, else rolls back.

    A connection that died while it lay in the pool is noticed by the first statement on it, before
    anything of the caller's has run, and another one takes its place.
    """

    def __init__(self, conninfo: str, *, connections: int = 10) -> None:
        self.conninfo = conninfo
        self._tries = connections + 1  # as many as can have died, and a fresh one
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=min(2, connections),
            max_size=connections,
            timeout=10,
            open=False,
            connection_class=psycopg.AsyncConnection[Row],
            kwargs={"autocommit": True, "row_factory": dict_row},
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
        async with self._alive(_begin) as connection:
            yield connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Transaction]:
        """A connection on which each statement commits by itself: for what must outlive a rollback."""
        async with self._alive(_check) as connection:
            yield connection

    async def ask(self, statement: Any, parameters: Any = None) -> Row | None:
        """The first row of what ``ask_all`` gives."""
        return next(iter(await self.ask_all(statement, parameters)), None)

    async def ask_all(self, statement: Any, parameters: Any = None) -> list[Row]:
        """The rows of one statement that commits by itself, in one exchange with the database.

        On a connection that died it is run again on another, so it may count twice and no worse.
        """
        for _ in range(self._tries):
            try:
                connection = await self._pool.getconn()
            except PoolTimeout as exc:
                raise DatabaseUnavailable(_UNANSWERED) from exc
            try:
                return await (await connection.execute(statement, parameters)).fetchall()
            except psycopg.OperationalError as exc:
                if not connection.broken:
                    raise DatabaseUnavailable(_UNANSWERED) from exc
            finally:
                await self._pool.putconn(connection)
        raise DatabaseUnavailable(_UNANSWERED)

    @asynccontextmanager
    async def _alive(self, first: _First) -> AsyncIterator[Transaction]:
        """A connection on which ``first`` has succeeded; what that opened is closed with the block."""
        with _told_as_unavailable():
            for remaining in reversed(range(self._tries)):
                async with AsyncExitStack() as stack:
                    connection = await stack.enter_async_context(self._pool.connection())
                    try:
                        await first(connection, stack)
                    except psycopg.OperationalError:
                        if not connection.broken or not remaining:
                            raise
                        continue
                    yield connection
                    return

    async def ping(self) -> None:
        async with self.autocommit() as connection:
            await connection.execute("SELECT 1")


async def _begin(connection: Transaction, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(connection.transaction())


async def _check(connection: Transaction, _: AsyncExitStack) -> None:
    await connection.execute("")


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as exc:
        raise DatabaseUnavailable(_UNANSWERED) from exc


async def fetch_one(tx: Transaction, statement: Any, parameters: Any = None) -> Row | None:
    cursor = await tx.execute(statement, parameters)
    return await cursor.fetchone()


async def fetch_all(tx: Transaction, statement: Any, parameters: Any = None) -> list[Row]:
    cursor = await tx.execute(statement, parameters)
    return await cursor.fetchall()
