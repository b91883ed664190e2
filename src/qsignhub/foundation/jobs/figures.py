"""How the queue stands, in all workers together."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.foundation.database import Transaction, fetch_all


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Jobs of one name: due and waiting for a worker, planned for later, running, held for a person.

    ``oldest_seconds``: for how long the first of those that wait has been due; 0 if none waits.
    """

    job: str
    waiting: int
    planned: int
    running: int
    held: int
    oldest_seconds: float


async def queue_figures(tx: Transaction) -> list[QueueFigures]:
    rows = await fetch_all(
        tx,
        "SELECT entrypoint AS job,"
        " count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()) AS waiting,"
        " count(*) FILTER (WHERE status = 'queued' AND execute_after > now()) AS planned,"
        " count(*) FILTER (WHERE status = 'picked') AS running,"
        " count(*) FILTER (WHERE status = 'failed') AS held,"
        " coalesce(extract(epoch FROM now() - min(execute_after)"
        "  FILTER (WHERE status = 'queued' AND execute_after <= now())), 0)::float8 AS oldest_seconds "
        "FROM pgqueuer GROUP BY entrypoint ORDER BY entrypoint",
    )
    return [QueueFigures(**row) for row in rows]
