from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pgqueuer.db import PsycopgDriver
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.qm import QueueManager
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from qsignhub.foundation.database import Database, DatabaseUnavailable, Transaction, fetch_all, fetch_one
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.jobs import JobHandler, JobRunner, Jobs, RetryPolicy
from qsignhub.foundation.jobs.runner import Payload

PATIENCE_SECONDS = 30.0
QUICK = RetryPolicy(attempts=3, first=timedelta(milliseconds=1), cap=timedelta(milliseconds=4))
LEASE = timedelta(seconds=1)
POLL = timedelta(milliseconds=100)


@pytest.fixture
async def notes(database: Database) -> Database:
    """A table for jobs to write to."""
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE notes (text text)")
    return database


@asynccontextmanager
async def running(database: Database, handlers: Mapping[str, JobHandler]) -> AsyncIterator[JobRunner]:
    runner = JobRunner(database, handlers, lease=LEASE, concurrency=4, poll=POLL)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
        assert not task.done(), "it takes jobs until it is stopped"
    finally:
        task.cancel()  # quicker than stop(), which a test of its own waits for
        await asyncio.wait({task})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def enqueue(database: Database, name: str = "work", **payload: Any) -> None:
    async with database.transaction() as tx:
        await Jobs().enqueue(tx, name, payload)


async def queue(database: Database) -> list[dict[str, Any]]:
    async with database.transaction() as tx:
        return await fetch_all(
            tx, "SELECT status::text, attempts, execute_after - updated AS delay FROM pgqueuer ORDER BY id"
        )


async def starts_on_record(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await fetch_one(tx, "SELECT count(*) AS n FROM job_starts") or {})["n"])


async def is_done(database: Database) -> bool:
    return await queue(database) == []


async def is_held(database: Database) -> bool:
    return [job["status"] for job in await queue(database)] == ["failed"]


class Work:
    """Does in each call what it is told: an error is raised, anything else is answered."""

    def __init__(self, *script: Exception | bool | None) -> None:
        self._script = list(script)
        self.payloads: list[dict[str, Any]] = []
        self.transactions: list[int] = []

    async def run(self, tx: Transaction, payload: Payload) -> bool | None:
        self.payloads.append(dict(payload))
        row = await fetch_one(tx, "SELECT pg_current_xact_id()::text::bigint AS id")
        self.transactions.append((row or {})["id"])
        step = self._script.pop(0) if self._script else None
        if isinstance(step, Exception):
            raise step
        return step

    def handler(self, retry: RetryPolicy = QUICK) -> dict[str, JobHandler]:
        return {"work": JobHandler(self.run, retry=retry)}


async def test_a_job_gets_its_payload_and_is_done_once(database: Database) -> None:
    work = Work()
    await enqueue(database, number=7, text="zażółć")
    async with running(database, work.handler()):
        await until(lambda: is_done(database))
    assert work.payloads == [{"number": 7, "text": "zażółć"}]
    assert await starts_on_record(database) == 0


async def test_a_job_exists_if_and_only_if_its_transaction_commits(database: Database) -> None:
    async def enqueue_and_fail() -> None:
        async with database.transaction() as tx:
            await Jobs().enqueue(tx, "work", {"from": "the one rolled back"})
            raise ZeroDivisionError

    work = Work()
    async with running(database, work.handler()):
        with pytest.raises(ZeroDivisionError):
            await enqueue_and_fail()
        async with database.transaction() as tx:
            await Jobs().enqueue(tx, "work", {"from": "the committed one"})
            assert await queue(database) == [], "nobody sees it before the commit"
        await until(lambda: is_done(database))
    assert work.payloads == [{"from": "the committed one"}]


async def test_what_a_failed_call_wrote_is_rolled_back(notes: Database) -> None:
    async def write(tx: Transaction, payload: Payload) -> None:
        await tx.execute("INSERT INTO notes VALUES ('x')")
        if await starts_on_record(notes) and not failed:
            failed.append(True)
            raise ZeroDivisionError

    failed: list[bool] = []
    await enqueue(notes)
    async with running(notes, {"work": JobHandler(write, retry=QUICK)}):
        await until(lambda: is_done(notes))
    assert failed
    assert await _notes(notes) == ["x"]


async def test_a_call_that_answers_true_goes_on_in_a_fresh_transaction(database: Database) -> None:
    work = Work(True, True, None)
    await enqueue(database)
    async with running(database, work.handler()):
        await until(lambda: is_done(database))
    assert len(work.payloads) == 3
    assert len(set(work.transactions)) == 3


async def test_what_was_done_before_a_later_step_failed_stays(notes: Database) -> None:
    steps = iter([True, ZeroDivisionError(), None])

    async def write(tx: Transaction, payload: Payload) -> bool | None:
        step = next(steps)
        await tx.execute("INSERT INTO notes VALUES (%s)", (type(step).__name__,))
        if isinstance(step, Exception):
            raise step
        return step

    await enqueue(notes)
    async with running(notes, {"work": JobHandler(write, retry=QUICK)}):
        await until(lambda: is_done(notes))
    assert await _notes(notes) == ["bool", "NoneType"]


def test_the_delay_doubles_up_to_its_cap() -> None:
    policy = RetryPolicy(first=timedelta(seconds=1), cap=timedelta(seconds=10))
    assert [policy.delay(n).total_seconds() for n in range(6)] == [1, 2, 4, 8, 10, 10]
    assert policy.delay(10_000) == policy.cap


async def test_a_retry_waits_longer_each_time(database: Database) -> None:
    """Read from the queue itself: what each failure put off the next call by."""
    policy = RetryPolicy(attempts=9, first=timedelta(milliseconds=40), cap=timedelta(milliseconds=100))
    work = Work(*[ZeroDivisionError()] * 4)
    seen: dict[int, timedelta] = {}

    async def note_delay() -> bool:
        jobs = await queue(database)
        seen.update({job["attempts"]: job["delay"] for job in jobs if job["status"] == "queued"})
        return not jobs

    await enqueue(database)
    async with running(database, work.handler(policy)):
        await until(note_delay)
    assert [round(seen[n].total_seconds() * 1000) for n in (1, 2, 3, 4)] == [40, 80, 100, 100]


async def test_a_job_that_fails_every_time_is_held_and_not_lost(database: Database) -> None:
    work = Work(*[ZeroDivisionError()] * 9)
    await enqueue(database)
    async with running(database, work.handler()):
        await until(lambda: is_held(database))
    assert len(work.payloads) == QUICK.attempts
    assert await starts_on_record(database) == 0, "put back by a person it has all its attempts again"


async def test_case_72_while_a_part_is_unavailable_the_job_is_retried_without_end(database: Database) -> None:
    work = Work(*[Unavailable("down")] * 8)
    await enqueue(database)
    async with running(database, work.handler()):
        await until(lambda: is_done(database))
    assert len(work.payloads) == 9 > QUICK.attempts


async def test_waiting_for_a_part_uses_up_no_attempts(database: Database) -> None:
    work = Work(*[Unavailable("down")] * 5, *[ZeroDivisionError()] * (QUICK.attempts - 1))
    await enqueue(database)
    async with running(database, work.handler()):
        await until(lambda: is_done(database))
    assert len(work.payloads) == 5 + QUICK.attempts


async def test_case_72_a_pool_that_gives_no_connection_puts_the_job_off(database: Database) -> None:
    """Even before its first step: it is not held for a fault of others."""

    class Overloaded(Database):
        refusals = 3

        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[Transaction]:
            if self.refusals:
                self.refusals -= 1
                raise DatabaseUnavailable("no connection is free")
            async with super().transaction() as tx:
                yield tx

    work = Work()
    await enqueue(database)
    overloaded = Overloaded(database.conninfo, connections=2)
    await overloaded.open()
    async with running(overloaded, work.handler()):
        await until(lambda: is_done(database))
    await overloaded.close()
    assert overloaded.refusals == 0
    assert len(work.payloads) == 1


async def test_a_delayed_job_is_not_due_before(database: Database) -> None:
    async with database.transaction() as tx:
        await Jobs().enqueue(tx, "work", {"when": "in an hour"}, delay=timedelta(hours=1))
        await Jobs().enqueue(tx, "work", {"when": "now"})
        row = await fetch_one(tx, "SELECT max(execute_after - created) AS wait FROM pgqueuer")
    assert (row or {})["wait"] == timedelta(hours=1)
    work = Work()

    async def one_left() -> bool:
        return len(await queue(database)) == 1

    async with running(database, work.handler()):
        await until(one_left)
        async with database.transaction() as tx:  # an hour goes by
            await tx.execute("UPDATE pgqueuer SET execute_after = now()")
        await enqueue(database, when="later")  # and the worker looks again
        await until(lambda: is_done(database))
    assert work.payloads[0] == {"when": "now"}
    assert sorted(payload["when"] for payload in work.payloads) == ["in an hour", "later", "now"]


async def test_a_short_delay_comes_to_its_end_by_itself(database: Database) -> None:
    async with database.transaction() as tx:
        await Jobs().enqueue(tx, "work", {}, delay=timedelta(milliseconds=100))
    work = Work()
    async with running(database, work.handler()):
        await until(lambda: is_done(database))
    assert len(work.payloads) == 1


async def test_case_45_the_job_of_a_killed_worker_is_taken_over(notes: Database) -> None:
    await enqueue(notes, number=1)
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.foundation.job_worker", notes.conninfo
    )
    assert await asyncio.wait_for(dying.wait(), PATIENCE_SECONDS) == -signal.SIGKILL
    assert [job["status"] for job in await queue(notes)] == ["picked"]
    work = Work()
    async with running(notes, work.handler()):
        await until(lambda: is_done(notes))
    assert work.payloads == [{"number": 1}]
    assert await _notes(notes) == [], "what the dead one wrote was never committed"


async def test_a_job_that_kills_its_process_again_and_again_is_held(database: Database) -> None:
    work = Work()
    await enqueue(database)
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO job_starts (job_id, starts) SELECT id, 1000 FROM pgqueuer")
    async with running(database, work.handler()):
        await until(lambda: is_held(database))
    assert work.payloads == []


async def test_case_72_a_worker_outlives_the_loss_of_its_connections(database: Database) -> None:
    work = Work()
    async with running(database, work.handler()):
        await enqueue(database, number=1)
        await until(lambda: is_done(database))
        server = make_conninfo(database.conninfo, dbname="postgres")
        async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                (conninfo_to_dict(database.conninfo)["dbname"],),
            )
        await enqueue(database, number=2)
        await until(lambda: is_done(database))
    assert [payload["number"] for payload in work.payloads] == [1, 2]


async def test_a_worker_hears_its_queue_from_the_first_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe of the listener is sent as early as can be, and is answered."""
    heard = []
    probe = QueueManager.listener_healthy

    async def probe_and_note(manager: QueueManager, timeout: timedelta) -> Any:
        heard.append(await probe(manager, timedelta(seconds=5)))
        return heard[-1]

    add_listener = PsycopgDriver.add_listener

    async def add_listener_late(driver: PsycopgDriver, channel: str, callback: Any) -> None:
        await asyncio.sleep(0.3)
        await add_listener(driver, channel, callback)

    monkeypatch.setattr(QueueManager, "listener_healthy", probe_and_note)
    monkeypatch.setattr(PsycopgDriver, "add_listener", add_listener_late)

    async def was_heard() -> bool:
        return bool(heard)

    async with running(database, Work().handler()):
        await until(was_heard)


async def test_a_listener_that_hears_nothing_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, probes = Work(), iter([FailingListenerError()])
    probe = QueueManager.listener_healthy

    async def fail_once(manager: QueueManager, timeout: timedelta) -> Any:
        for failure in probes:
            raise failure
        return await probe(manager, timeout)

    monkeypatch.setattr(QueueManager, "listener_healthy", fail_once)
    async with running(database, work.handler()) as runner:
        first = None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while first is None or runner._manager is first:
            first = first or runner._manager
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await enqueue(database, number=1)
        await until(lambda: is_done(database))
    assert work.payloads == [{"number": 1}]


async def test_a_worker_that_is_stopped_ends_its_job_and_takes_no_other(notes: Database) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def write(tx: Transaction, payload: Payload) -> None:
        begun.set()
        await may_end.wait()
        await tx.execute("INSERT INTO notes VALUES (%s)", (payload["number"],))

    runner = JobRunner(notes, {"work": JobHandler(write)}, lease=LEASE, poll=POLL)
    task = asyncio.create_task(runner.run())
    await enqueue(notes, number=1)
    await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
    runner.stop()
    await asyncio.sleep(0.05)
    await enqueue(notes, number=2)
    may_end.set()
    await asyncio.wait_for(task, PATIENCE_SECONDS)
    assert await _notes(notes) == ["1"]
    assert [job["status"] for job in await queue(notes)] == ["queued"]


async def test_two_workers_do_each_job_once(notes: Database) -> None:
    async def write(tx: Transaction, payload: Payload) -> None:
        await tx.execute("INSERT INTO notes VALUES (%s)", (str(payload["number"]),))

    async with notes.transaction() as tx:
        for number in range(60):
            await Jobs().enqueue(tx, "work", {"number": number})
    handlers = {"work": JobHandler(write)}
    async with running(notes, handlers), running(notes, handlers):
        await until(lambda: is_done(notes))
    assert sorted(map(int, await _notes(notes))) == list(range(60))


async def _notes(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return [row["text"] for row in await fetch_all(tx, "SELECT text FROM notes")]
