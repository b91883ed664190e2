"""What is told of each request: one log line and its share in the metrics.

Both name the route's template. The path itself is never told: secrets of signers stand in it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qsignhub.foundation.logs import log_context

logger = logging.getLogger("qsignhub.access")

CLIENT_GONE = 499
"""No status of HTTP's: nothing was answered, because nobody was there any more."""
_UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class HttpMetrics:
    """Requests of this process, by method, route template and status; durations in seconds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        self._requests = Counter(
            "qsignhub_http_requests", "Requests answered to the end.", labels, registry=registry
        )
        self._seconds = Histogram(
            "qsignhub_http_request_duration_seconds",
            "From the request's first byte to the answer's last.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:  # looking them up by labels each time costs more than counting
            labels = (method, route, str(status))
            children = self._children[key] = (self._requests.labels(*labels), self._seconds.labels(*labels))
        children[0].inc()
        children[1].observe(seconds)


class Observation:
    """Stands outside of everything, so that it sees every answer and all of the time."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = CLIENT_GONE

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with log_context() as said:
            try:
                await self._app(scope, receive, send_and_see)
            finally:
                self._tell(scope, status, time.perf_counter() - begun, said)

    def _tell(self, scope: Scope, status: int, seconds: float, said: Mapping[str, str]) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", _UNMATCHED)
        self._metrics.record(method, route, status, seconds)
        if logger.isEnabledFor(logging.INFO):
            fields = {
                **said,
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
            }
            logger.info("request", extra={"fields": fields})


def install(app: FastAPI) -> None:
    """To be called last: what is added later stands outside. The registry is ``app.state.registry``."""
    registry = CollectorRegistry()
    app.state.registry = registry
    app.add_middleware(Observation, metrics=HttpMetrics(registry))
