"""``GET /metrics`` for Prometheus: this process, and how the work of all processes stands.

Workers have no port of their own. What they do is seen in the database: the queue, the open requests,
the deliveries. Those figures are the same from every API process; take one, do not add them up.
"""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Gauge, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from qsignhub.api.context import House
from qsignhub.bootstrap import Services
from qsignhub.foundation.errors import Forbidden, Unauthenticated, Unavailable
from qsignhub.foundation.jobs.figures import queue_figures
from qsignhub.signature_requests.repository import count_open
from qsignhub.webhooks.repository import count_undelivered

router = APIRouter(include_in_schema=False)

_FORWARDED = ("forwarded", "x-forwarded-for", "via")


class MetricsForbidden(Forbidden):
    code = "METRICS_FORBIDDEN"


class MetricsTokenInvalid(Unauthenticated):
    code = "METRICS_TOKEN_INVALID"


class WorkMetrics:
    """Gauges that are set at each scrape, from the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(f"qsignhub_{name}", says, labels, registry=registry)

        self._up = gauge("database_up", "1 if the database answered at this scrape; else no figures of work.")
        self._jobs = gauge("jobs", "Jobs in the queue: waiting, planned, running, held.", "job", "state")
        self._oldest = gauge("oldest_job_age_seconds", "How long the first waiting job has been due.", "job")
        self._requests = gauge("open_signature_requests", "Open signature requests.", "status")
        self._deliveries = gauge("webhook_deliveries", "Deliveries not yet made, or given up.", "status")

    async def refresh(self, house: Services) -> None:
        try:
            async with house.database.transaction() as tx:
                await tx.execute("SET LOCAL statement_timeout = '5s'")
                jobs = await queue_figures(tx)
                requests = await count_open(tx)
                deliveries = await count_undelivered(tx)
        except Unavailable:
            up, jobs, requests, deliveries = 0, [], {}, {}
        else:
            up = 1
        # from here on nothing is awaited: two scrapes at once do not mix their figures
        self._up.set(up)
        for labelled in (self._jobs, self._oldest, self._requests, self._deliveries):
            labelled.clear()
        for job in jobs:
            for state in ("waiting", "planned", "running", "held"):
                self._jobs.labels(job.job, state).set(getattr(job, state))
            self._oldest.labels(job.job).set(job.oldest_seconds)
        for status, count in requests.items():
            self._requests.labels(status).set(count)
        for status, count in deliveries.items():
            self._deliveries.labels(status).set(count)


def install(app: FastAPI) -> None:
    """After ``observation.install``, whose registry this adds to."""
    registry: CollectorRegistry = app.state.registry
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    app.state.work_metrics = WorkMetrics(registry)
    app.include_router(router)


@router.get("/metrics")
async def metrics(request: Request, house: House) -> Response:
    _admit(request, house.settings.metrics_token)
    work: WorkMetrics = request.app.state.work_metrics
    await work.refresh(house)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.registry), media_type=content_type)


def _admit(request: Request, token: str | None) -> None:
    if token:
        offered = request.headers.get("authorization", "")
        if not hmac.compare_digest(offered.encode(), f"Bearer {token}".encode()):
            raise MetricsTokenInvalid("Send QSIGNHUB_METRICS_TOKEN as Authorization: Bearer.")
    elif not _from_this_machine(request):
        raise MetricsForbidden(
            "Without QSIGNHUB_METRICS_TOKEN the metrics are for this machine alone; set it to read from afar."
        )


def _from_this_machine(request: Request) -> bool:
    """Not by way of a proxy on this machine, which would lend its address to anybody."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        peer = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback
