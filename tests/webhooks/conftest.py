from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from qsignhub.accounts.service import Accounts
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database, Row, fetch_all
from qsignhub.foundation.events import Events
from qsignhub.foundation.jobs import JobHandler, Jobs, RetryPolicy
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.webhooks.service import DELIVER_JOB, LISTENER_JOB, Webhooks

NOW = datetime(2025, 1, 15, 11, 2, 50, tzinfo=UTC)
DATA = {"signature_request": {"id": "sreq_7Yx4kP9nQ3mB2wR1", "status": "completed", "metadata": {"ż": 1.5}}}


@dataclass
class House:
    """The service on a real database, with one account."""

    database: Database
    webhooks: Webhooks
    events: Events
    scope: Scope

    @property
    def handlers(self) -> dict[str, JobHandler]:
        return {
            LISTENER_JOB: JobHandler(self.webhooks.fan_out),
            DELIVER_JOB: self.webhooks.delivery_handler(),
        }

    async def add_endpoint(self, url: str, scope: Scope | None = None) -> str:
        async with self.database.transaction() as tx:
            return await self.webhooks.add_endpoint(tx, scope or self.scope, url)

    async def publish(self, type_: str = "signature_request.completed") -> str:
        async with self.database.transaction() as tx:
            await self.events.publish(tx, self.scope, type_, DATA)
            (newest,) = await fetch_all(tx, "SELECT id FROM events ORDER BY ctid DESC LIMIT 1")
        return str(newest["id"])

    async def rows(self, statement: str) -> list[Row]:
        async with self.database.transaction() as tx:
            return await fetch_all(tx, statement)

    async def call(self, job: str, payload: dict[str, object]) -> None:
        async with self.database.transaction() as tx:
            await self.handlers[job].run(tx, payload)


OpenHouse = Callable[..., Awaitable[House]]


@pytest.fixture
async def open_house(database: Database):
    async with AsyncExitStack() as stack:

        async def make(
            *,
            attempts: int = 12,
            first: timedelta = timedelta(milliseconds=20),
            client: httpx.AsyncClient | None = None,
            database: Database = database,
        ) -> House:
            clock, jobs = SettableClock(NOW), Jobs()
            events = Events(jobs, clock, [LISTENER_JOB])
            webhooks = Webhooks(
                events,
                jobs,
                MasterKey(bytes(32)),
                clock,
                database,
                allow_private=True,
                retry=RetryPolicy(attempts=attempts, first=first, cap=timedelta(milliseconds=80)),
                client=client,
            )
            stack.push_async_callback(webhooks.close)
            async with database.transaction() as tx:
                scope = await Accounts(clock).scope_of(tx, "acme", "test")
            return House(database, webhooks, events, scope)

        yield make
