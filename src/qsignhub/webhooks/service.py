"""Events to the account's own systems: at least once, signed, and never without end."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.events import Event, Events
from qsignhub.foundation.ids import new_id, new_secret
from qsignhub.foundation.jobs import JobHandler, Jobs, RetryPolicy
from qsignhub.foundation.outward import OutwardFailed, OutwardRefused, outward_client, post_bounded
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.webhooks import repository
from qsignhub.webhooks.endpoint_url import check_endpoint_url
from qsignhub.webhooks.model import Delivery, Endpoint
from qsignhub.webhooks.signature import SIGNATURE_HEADER, body_of, sign

logger = logging.getLogger(__name__)

LISTENER_JOB = "webhooks.fan_out"
DELIVER_JOB = "webhooks.deliver"
RETRY = RetryPolicy(attempts=12, first=timedelta(seconds=2), cap=timedelta(hours=1))
"""Twelve attempts: 2 s after the first, twice that after the next; the last after 68 minutes in all."""

_SEAL = "webhooks.endpoint-secret"
_AT_ONCE = 4
_CLAIMED_ELSEWHERE = timedelta(seconds=30)
_USER_AGENT = f"QSignHub/{importlib.metadata.version('qsignhub')}"


class Webhooks:
    """``side`` counts attempts in transactions of their own, so that a killed process leaves them counted.

    ``client`` is the ``outward_client`` of the same ``allow_private``, if not another; ``close()`` ends it.
    """

    def __init__(
        self,
        events: Events,
        jobs: Jobs,
        key: MasterKey,
        clock: Clock,
        side: Database,
        *,
        allow_private: bool,
        retry: RetryPolicy = RETRY,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._events = events
        self._jobs = jobs
        self._key = key
        self._clock = clock
        self._side = side
        self._client = client or outward_client(allow_private=allow_private)
        self._allow_private = allow_private
        self._retry = retry

    async def close(self) -> None:
        await self._client.aclose()

    async def add_endpoint(self, tx: Transaction, scope: Scope, url: str) -> str:
        """Sends the scope's events to this URL from now on. Raises WebhookUrlInvalid.

        Returns the endpoint's secret, ``whsec_...``. This is the only time it can be seen.
        """
        check_endpoint_url(url, allow_private=self._allow_private)
        endpoint_id, secret = new_id("whk"), new_secret("whsec_")
        endpoint = Endpoint(endpoint_id, url, self._key.seal(_SEAL, endpoint_id, secret.encode()))
        await repository.add_endpoint(tx, scope, endpoint, self._clock.now())
        return secret

    async def fan_out(self, tx: Transaction, payload: Mapping[str, Any]) -> None:
        """The listener's job, ``{"event_id"}``: a delivery to each endpoint of the event's scope."""
        event = await self._events.read(tx, payload["event_id"])
        if event is None:
            return
        for endpoint_id in await repository.add_deliveries(tx, event.scope, event.id):
            await self._enqueue(tx, endpoint_id, event.id, after=0)

    def delivery_handler(self) -> JobHandler:
        """A few at once and no more: slow receivers must not hold up the signing of others."""
        return JobHandler(self._deliver, self._retry, limit=_AT_ONCE)

    async def _deliver(self, tx: Transaction, payload: Mapping[str, Any]) -> None:
        """One attempt, ``{"endpoint_id", "event_id", "after"}``: the next one is a job of its own.

        ``after`` is how many attempts there were when this one was planned. The job that is called
        anew, although its attempt is done and the next one planned, so knows that it has nothing to do.
        Until the outcome is recorded ``tx`` holds the claim and nothing else.
        """
        endpoint_id, event_id, after = payload["endpoint_id"], payload["event_id"], payload["after"]
        if not await repository.claim(tx, endpoint_id, event_id):
            await self._enqueue(tx, endpoint_id, event_id, after, delay=_CLAIMED_ELSEWHERE)
            return
        delivery = await repository.find_delivery(tx, endpoint_id, event_id)
        event = await self._events.read(tx, event_id)
        if delivery is None or event is None or not _is_due(delivery, after):
            return
        if delivery.attempts >= self._retry.attempts:
            await self._record_failure(
                tx, delivery, delivery.attempts, "the process ended in the last attempt"
            )
            return
        headers, body = self._message(delivery.endpoint, event)
        async with self._side.transaction() as counting:
            attempt = await repository.begin_attempt(counting, delivery)
        delivered, outcome = await self._send(delivery.endpoint, body, headers)
        if delivered:
            await repository.record_delivered(tx, delivery, outcome, self._clock.now())
        else:
            await self._record_failure(tx, delivery, attempt, outcome)

    def _message(self, endpoint: Endpoint, event: Event) -> tuple[dict[str, str], bytes]:
        secret = self._key.unseal(_SEAL, endpoint.id, endpoint.secret_sealed).decode()
        body = body_of(event)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "X-QSignHub-Event-Id": event.id,
            SIGNATURE_HEADER: sign(secret, body),
        }
        return headers, body

    async def _send(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> tuple[bool, str]:
        """Whether the receiver has it, and what is to be recorded of the attempt.

        A refused address is one more failure, not the end: a name server can be wrong for a while.
        """
        try:
            response = await post_bounded(self._client, endpoint.url, body, headers)
        except (OutwardRefused, OutwardFailed) as exc:
            return False, f"{exc.code}: {exc.message}"
        return 200 <= response.status < 300, f"HTTP {response.status}"

    async def _record_failure(self, tx: Transaction, delivery: Delivery, attempt: int, outcome: str) -> None:
        final = attempt >= self._retry.attempts
        await repository.record_failure(tx, delivery, outcome, final=final)
        if final:
            logger.warning(
                "event %s given up for webhook endpoint %s after %d attempts: %s",
                delivery.event_id,
                delivery.endpoint.id,
                attempt,
                outcome,
            )
            return
        delay = self._retry.delay(attempt - 1)
        await self._enqueue(tx, delivery.endpoint.id, delivery.event_id, attempt, delay=delay)

    async def _enqueue(
        self, tx: Transaction, endpoint_id: str, event_id: str, after: int, *, delay: timedelta | None = None
    ) -> None:
        payload = {"endpoint_id": endpoint_id, "event_id": event_id, "after": after}
        await self._jobs.enqueue(tx, DELIVER_JOB, payload, delay=delay)


def _is_due(delivery: Delivery, after: int) -> bool:
    """An attempt without an outcome was cut short by the end of its process, and is made up for."""
    if delivery.status != "pending":
        return False
    return delivery.attempts == after or delivery.last_outcome is None
