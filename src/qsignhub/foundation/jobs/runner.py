"""Running jobs: one transaction a call, retries with growing delays, crashes counted."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString, TypeAlias

import psycopg
from pgqueuer import Queries
from pgqueuer.db import PsycopgDriver
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from psycopg import sql

from qsignhub.foundation.database import Database, Transaction, fetch_one
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.logs import log_context, told

logger = logging.getLogger(__name__)

Payload: TypeAlias = Mapping[str, Any]
_MAX_CRASHES = 50


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The delay doubles from ``first`` up to ``cap``; after ``attempts`` failures the job is held.

    ``attempts`` counts failures of our own, and deaths of the process in the job; while a part is
    ``Unavailable`` the job is retried without end, for such a fault delays work and never loses it.
    """

    attempts: int = 10
    first: timedelta = timedelta(seconds=0.5)
    cap: timedelta = timedelta(seconds=60)

    def delay(self, failures: int) -> timedelta:
        return min(self.first * int(2 ** min(failures, 20)), self.cap)


@dataclass(frozen=True, slots=True)
class JobHandler:
    """``run`` is called in a transaction of its own, again and again while it returns True.

    Each call must be safe to repeat: after a crash the job is called anew. ``limit`` is how many of
    these jobs run at once in all workers together; 0 is no limit of its own.
    """

    run: Callable[[Transaction, Payload], Awaitable[bool | None]]
    retry: RetryPolicy = RetryPolicy()
    limit: int = 0


class JobCrashesTooOften(Exception):
    """The process died in this job again and again; it is held for a person to look at."""


class _Driver(PsycopgDriver):
    """Listens on a connection of its own.

    psycopg holds the connection while it waits for a notification (a second at a time here), so on
    one connection every statement of the queue's would wait behind that.
    """

    def __init__(self, listening: psycopg.AsyncConnection[Any], asking: psycopg.AsyncConnection[Any]) -> None:
        super().__init__(listening)
        self._asking = PsycopgDriver(asking)

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await self._asking.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self._asking.execute(query, *args)


class JobRunner:
    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, JobHandler],
        *,
        lease: timedelta = timedelta(seconds=20),
        concurrency: int = 8,
        poll: timedelta = timedelta(seconds=2),
    ) -> None:
        """``lease``: how long after its last heartbeat a job counts as abandoned by a dead worker.

        ``poll``: how often the queue is looked at though nothing was notified, as for a retry.
        """
        self._database = database
        self._handlers = handlers
        self._lease = lease
        self._concurrency = concurrency
        self._poll = poll
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None

    async def run(self) -> None:
        """Takes jobs until ``stop()``; a lost database connection is opened anew."""
        while not self._stopping.is_set():
            try:
                await self._run_until_disconnected()
            except (psycopg.Error, OSError, FailingListenerError, ExceptionGroup) as exc:
                logger.warning("job queue connection lost, opening a new one: %s", told(exc))
                await asyncio.sleep(0.5)

    def stop(self) -> None:
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def _run_until_disconnected(self) -> None:
        async with (
            await psycopg.AsyncConnection.connect(self._database.conninfo, autocommit=True) as listening,
            await psycopg.AsyncConnection.connect(self._database.conninfo, autocommit=True) as asking,
        ):
            self._manager = QueueManager(Queries(_Driver(listening, asking)))
            for name, handler in self._handlers.items():
                self._register(self._manager, name, handler)
            if self._stopping.is_set():
                return
            # Before the queue does so itself: its first probe of the listener may be quicker than that,
            # and a probe that nobody heard ends the run.
            await listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._manager.channel)))
            await self._manager.run(
                batch_size=max(1, self._concurrency // 2),
                max_concurrent_tasks=self._concurrency,
                dequeue_timeout=self._poll,
                heartbeat_timeout=self._lease,
                shutdown_on_listener_failure=True,
            )

    def _register(self, manager: QueueManager, name: str, handler: JobHandler) -> None:
        async def entrypoint(job: Job) -> None:
            with log_context(job=name, job_id=str(job.id)):
                begun, outcome = time.perf_counter(), "held"
                try:
                    await self._execute(name, handler, job)
                    outcome = "done"
                except RetryRequested:
                    outcome = "put back"
                    raise
                finally:
                    milliseconds = round((time.perf_counter() - begun) * 1000, 1)
                    logger.info("job %s", outcome, extra={"fields": {"duration_ms": milliseconds}})

        manager.entrypoint(name, concurrency_limit=handler.limit, on_failure="hold")(entrypoint)

    async def _execute(self, name: str, handler: JobHandler, job: Job) -> None:
        begun: int | None = None
        try:
            begun = await self._count_start(job)
            if begun > handler.retry.attempts + _MAX_CRASHES:
                raise JobCrashesTooOften(f"{name} was begun {begun} times and never came to an end")
            await self._call(handler, job)
        except Unavailable as exc:
            logger.warning("job %s waits: %s (%s)", name, exc.code, exc.message)
            if begun is not None:
                await self._settle("UPDATE job_starts SET starts = starts - 1 WHERE job_id = %s", job)
            raise RetryRequested(delay=handler.retry.delay(job.attempts), reason=exc.code) from exc
        except Exception as exc:
            if begun is None or begun >= handler.retry.attempts:
                await self._settle("DELETE FROM job_starts WHERE job_id = %s", job)
                raise
            logger.exception("job %s failed and is retried", name)
            raise RetryRequested(delay=handler.retry.delay(job.attempts), reason=str(exc)) from exc

    async def _call(self, handler: JobHandler, job: Job) -> None:
        payload = json.loads(job.payload or b"{}")
        again = True
        while again:
            async with self._database.transaction() as tx:
                again = bool(await handler.run(tx, payload))
                if not again:
                    await tx.execute("DELETE FROM job_starts WHERE job_id = %s", (job.id,))

    async def _count_start(self, job: Job) -> int:
        """How often it was begun and failed or died, this start included.

        The queue's own counter knows neither crashes nor why a job was put back: count every start,
        commit it first, and take it back where only a part was ``Unavailable``.
        """
        async with self._database.transaction() as tx:
            row = await fetch_one(
                tx,
                "INSERT INTO job_starts (job_id, starts) VALUES (%s, 1) "
                "ON CONFLICT (job_id) DO UPDATE SET starts = job_starts.starts + 1 RETURNING starts",
                (job.id,),
            )
        return int(row["starts"]) if row else 1

    async def _settle(self, statement: LiteralString, job: Job) -> None:
        with suppress(Unavailable):  # then one start too many is counted
            async with self._database.transaction() as tx:
                await tx.execute(statement, (job.id,))
