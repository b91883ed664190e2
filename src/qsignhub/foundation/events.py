"""The outbox: an event and the jobs of its listeners are written with the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    scope: Scope
    type: str
    data: Mapping[str, Any]
    created_at: datetime


class Events:
    """``listeners`` are names of jobs, each enqueued with ``{"event_id": ...}`` for every event."""

    def __init__(self, jobs: Jobs, clock: Clock, listeners: Sequence[str]) -> None:
        self._jobs = jobs
        self._clock = clock
        self._listeners = tuple(listeners)

    async def publish(self, tx: Transaction, scope: Scope, type_: str, data: Mapping[str, Any]) -> None:
        event_id = new_id("evt")
        await tx.execute(
            "INSERT INTO events (id, account_id, mode, type, data, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (event_id, scope.account_id, scope.mode, type_, Jsonb(dict(data)), self._clock.now()),
        )
        for listener in self._listeners:
            await self._jobs.enqueue(tx, listener, {"event_id": event_id})

    async def read(self, tx: Transaction, event_id: str) -> Event | None:
        row = await fetch_one(tx, "SELECT * FROM events WHERE id = %s", (event_id,))
        return _event(row) if row else None

    async def of_request(self, tx: Transaction, scope: Scope, request_id: str) -> list[Event]:
        """What was told of a signature request, oldest first."""
        rows = await fetch_all(
            tx,
            "SELECT * FROM events WHERE data #>> '{signature_request,id}' = %s "
            "AND account_id = %s AND mode = %s ORDER BY created_at, id",
            (request_id, scope.account_id, scope.mode),
        )
        return [_event(row) for row in rows]


def _event(row: Row) -> Event:
    return Event(
        row["id"], Scope(row["account_id"], row["mode"]), row["type"], row["data"], row["created_at"]
    )
