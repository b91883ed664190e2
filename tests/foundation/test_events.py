from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from qsignhub.accounts.service import Accounts
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database, fetch_all
from qsignhub.foundation.events import Events
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CLOCK = SettableClock(NOW)
DATA = {"id": "sreq_1", "signers": [{"name": "Zażółć", "order": 1}], "redirect_url": None}


@pytest.fixture
def events() -> Events:
    return Events(Jobs(), CLOCK, ["webhooks", "notifications"])


@pytest.fixture
async def scope(database: Database) -> Scope:
    async with database.transaction() as tx:
        return await Accounts(CLOCK).scope_of(tx, "default", "test")


async def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    async with database.transaction() as tx:
        return await fetch_all(tx, statement.encode())


async def test_an_event_is_kept_and_every_listener_gets_a_job(
    database: Database, events: Events, scope: Scope
) -> None:
    async with database.transaction() as tx:
        await events.publish(tx, scope, "signature_request.completed", DATA)
    [stored] = await rows(database, "SELECT id FROM events")
    async with database.transaction() as tx:
        event = await events.read(tx, stored["id"])
    assert event is not None
    assert (event.scope, event.type, event.data, event.created_at) == (
        scope,
        "signature_request.completed",
        DATA,
        NOW,
    )
    jobs = await rows(database, "SELECT entrypoint, payload FROM pgqueuer ORDER BY entrypoint")
    assert [job["entrypoint"] for job in jobs] == ["notifications", "webhooks"]
    assert all(json.loads(bytes(job["payload"])) == {"event_id": event.id} for job in jobs)


async def test_of_a_change_rolled_back_no_event_tells(
    database: Database, events: Events, scope: Scope
) -> None:
    async def change_and_fail() -> None:
        async with database.transaction() as tx:
            await events.publish(tx, scope, "signature_request.completed", DATA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_and_fail()
    assert await rows(database, "SELECT * FROM events") == []
    assert await rows(database, "SELECT * FROM pgqueuer") == []


async def test_each_event_has_an_id_of_its_own(database: Database, events: Events, scope: Scope) -> None:
    async with database.transaction() as tx:
        for _ in range(5):
            await events.publish(tx, scope, "signer.signed", DATA)
    ids = [row["id"] for row in await rows(database, "SELECT id FROM events")]
    assert len(set(ids)) == 5
    assert all(id_.startswith("evt_") and len(id_) == 20 for id_ in ids)


async def test_an_event_that_is_not_there(database: Database, events: Events) -> None:
    async with database.transaction() as tx:
        assert await events.read(tx, "evt_0000000000000000") is None


async def test_without_listeners_there_are_no_jobs(database: Database, scope: Scope) -> None:
    async with database.transaction() as tx:
        await Events(Jobs(), CLOCK, []).publish(tx, scope, "signer.signed", DATA)
    assert len(await rows(database, "SELECT * FROM events")) == 1
    assert await rows(database, "SELECT * FROM pgqueuer") == []


async def test_case_29_a_requests_events_are_its_own_accounts(
    database: Database, events: Events, scope: Scope
) -> None:
    about = {"signature_request": {"id": "sreq_1"}}
    async with database.transaction() as tx:
        await events.publish(tx, scope, "signature_request.created", about)
        await events.publish(tx, scope, "signature_request.completed", about)
        await events.publish(tx, scope, "signature_request.created", {"signature_request": {"id": "sreq_2"}})
        found = await events.of_request(tx, scope, "sreq_1")
        others = [
            await events.of_request(tx, Scope(scope.account_id, "live"), "sreq_1"),
            await events.of_request(tx, Scope("acc_of_somebody", "test"), "sreq_1"),
        ]
    assert {event.type for event in found} == {"signature_request.created", "signature_request.completed"}
    assert all(event.data == about and event.scope == scope for event in found)
    assert others == [[], []]
