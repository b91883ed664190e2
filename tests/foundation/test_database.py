from __future__ import annotations

import asyncio
import time

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from qsignhub.foundation.database import Database, DatabaseUnavailable, fetch_all, fetch_one


@pytest.fixture
async def notes(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE notes (text text UNIQUE)")
    return database


async def written(database: Database) -> set[str]:
    async with database.transaction() as tx:
        return {row["text"] for row in await fetch_all(tx, "SELECT text FROM notes")}


async def test_a_transaction_commits_when_its_block_ends(notes: Database) -> None:
    async with notes.transaction() as tx:
        await tx.execute("INSERT INTO notes VALUES ('one'), ('two')")
        assert await written(notes) == set(), "nobody sees it before"
    assert await written(notes) == {"one", "two"}


async def test_an_error_rolls_the_whole_transaction_back(notes: Database) -> None:
    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('one')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await written(notes) == set()


async def test_a_refused_statement_rolls_back_and_is_told_as_it_is(notes: Database) -> None:
    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('one')")
            await tx.execute("INSERT INTO notes VALUES ('one')")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await work()
    assert await written(notes) == set()


async def test_a_cancelled_request_rolls_back(notes: Database) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('one')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await written(notes) == set()


async def test_what_commits_by_itself_outlives_a_rollback(notes: Database) -> None:
    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('of the transaction')")
            async with notes.autocommit() as connection:
                await connection.execute("INSERT INTO notes VALUES ('by itself')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await written(notes) == {"by itself"}


async def test_rows_come_by_name(database: Database) -> None:
    async with database.transaction() as tx:
        assert await fetch_one(tx, "SELECT 1 AS one, 'x' AS letter") == {"one": 1, "letter": "x"}
        assert await fetch_one(tx, "SELECT 1 WHERE false") is None


async def test_case_72_a_connection_lost_in_the_middle_is_unavailable(notes: Database) -> None:
    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('one')")
            await _end_all_connections(notes.conninfo)
            await tx.execute("INSERT INTO notes VALUES ('two')")

    with pytest.raises(DatabaseUnavailable):
        await work()
    assert await written(notes) == set(), "the pool has a fresh connection"


async def test_case_72_a_connection_lost_before_the_commit_is_unavailable(notes: Database) -> None:
    async def work() -> None:
        async with notes.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ('one')")
            await _end_all_connections(notes.conninfo)

    with pytest.raises(DatabaseUnavailable):
        await work()
    assert await written(notes) == set()


async def test_case_72_a_restarted_server_is_noticed_by_nobody(notes: Database) -> None:
    await _end_all_connections(notes.conninfo)
    await asyncio.gather(*(notes.ping() for _ in range(6)))


async def test_a_server_that_is_gone_is_unavailable_until_it_is_back(notes: Database) -> None:
    notes._pool.timeout = 0.5
    await _allow_connections(notes.conninfo, allowed=False)
    await _end_all_connections(notes.conninfo)
    with pytest.raises(DatabaseUnavailable):
        await notes.ping()
    with pytest.raises(DatabaseUnavailable):
        async with notes.transaction():
            pass
    await _allow_connections(notes.conninfo, allowed=True)
    deadline = time.monotonic() + 20
    while True:
        try:
            await notes.ping()
        except DatabaseUnavailable:
            assert time.monotonic() < deadline
        else:
            return


def _server(conninfo: str) -> str:
    return make_conninfo(conninfo, dbname="postgres")


async def _end_all_connections(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(_server(conninfo), autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            (conninfo_to_dict(conninfo)["dbname"],),
        )


async def _allow_connections(conninfo: str, *, allowed: bool) -> None:
    name = conninfo_to_dict(conninfo)["dbname"]
    async with await psycopg.AsyncConnection.connect(_server(conninfo), autocommit=True) as connection:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}'.encode())
