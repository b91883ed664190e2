"""Endpoints and deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DeliveryStatus = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``url`` may hold secrets of the receiver's, so it stays out of ``repr`` and of every log."""

    id: str
    url: str
    secret_sealed: bytes

    def __repr__(self) -> str:
        return f"Endpoint({self.id})"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint.

    ``attempts`` counts those begun; ``last_outcome`` is None while one is under way, or after its
    process died.
    """

    endpoint: Endpoint
    event_id: str
    status: DeliveryStatus
    attempts: int
    last_outcome: str | None
