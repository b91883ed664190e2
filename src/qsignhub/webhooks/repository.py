"""All SQL of webhooks."""

from __future__ import annotations

from datetime import datetime

from qsignhub.foundation.database import Transaction, fetch_all, fetch_one
from qsignhub.foundation.scope import Scope
from qsignhub.webhooks.model import Delivery, Endpoint


async def add_endpoint(tx: Transaction, scope: Scope, endpoint: Endpoint, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO webhook_endpoints (id, account_id, mode, url, secret_sealed, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (endpoint.id, scope.account_id, scope.mode, endpoint.url, endpoint.secret_sealed, now),
    )


async def add_deliveries(tx: Transaction, scope: Scope, event_id: str) -> list[str]:
    """One delivery for each endpoint of the scope; returns the endpoints that had none yet."""
    rows = await fetch_all(
        tx,
        "INSERT INTO webhook_deliveries (endpoint_id, event_id) "
        "SELECT id, %s FROM webhook_endpoints WHERE account_id = %s AND mode = %s ORDER BY created_at, id "
        "ON CONFLICT DO NOTHING RETURNING endpoint_id",
        (event_id, scope.account_id, scope.mode),
    )
    return [str(row["endpoint_id"]) for row in rows]


async def claim(tx: Transaction, endpoint_id: str, event_id: str) -> bool:
    """True for one transaction at a time, until it ends; a killed process lets go of it too."""
    row = await fetch_one(
        tx,
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS mine",
        (f"webhooks.deliver {endpoint_id} {event_id}",),
    )
    return row is not None and bool(row["mine"])


async def find_delivery(tx: Transaction, endpoint_id: str, event_id: str) -> Delivery | None:
    row = await fetch_one(
        tx,
        "SELECT d.*, e.url, e.secret_sealed FROM webhook_deliveries d "
        "JOIN webhook_endpoints e ON e.id = d.endpoint_id WHERE d.endpoint_id = %s AND d.event_id = %s",
        (endpoint_id, event_id),
    )
    if row is None:
        return None
    endpoint = Endpoint(row["endpoint_id"], row["url"], row["secret_sealed"])
    return Delivery(endpoint, row["event_id"], row["status"], row["attempts"], row["last_outcome"])


async def begin_attempt(tx: Transaction, delivery: Delivery) -> int:
    """Counts an attempt, whose outcome is open now; returns its number, from 1."""
    row = await fetch_one(
        tx,
        "UPDATE webhook_deliveries SET attempts = attempts + 1, last_outcome = NULL "
        "WHERE endpoint_id = %s AND event_id = %s RETURNING attempts",
        (delivery.endpoint.id, delivery.event_id),
    )
    if row is None:
        raise LookupError(delivery.endpoint.id)
    return int(row["attempts"])


async def record_delivered(tx: Transaction, delivery: Delivery, outcome: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE webhook_deliveries SET status = 'delivered', last_outcome = %s, delivered_at = %s "
        "WHERE endpoint_id = %s AND event_id = %s",
        (outcome, now, delivery.endpoint.id, delivery.event_id),
    )


async def record_failure(tx: Transaction, delivery: Delivery, outcome: str, *, final: bool) -> None:
    await tx.execute(
        "UPDATE webhook_deliveries SET status = %s, last_outcome = %s "
        "WHERE endpoint_id = %s AND event_id = %s",
        ("failed" if final else "pending", outcome, delivery.endpoint.id, delivery.event_id),
    )


async def count_undelivered(tx: Transaction) -> dict[str, int]:
    """Deliveries pending and given up. For the operator, so of all accounts together."""
    rows = await fetch_all(
        tx,
        "SELECT status, count(*) AS total FROM webhook_deliveries "
        "WHERE status IN ('pending', 'failed') GROUP BY status",
    )
    return {"pending": 0, "failed": 0} | {row["status"]: row["total"] for row in rows}
