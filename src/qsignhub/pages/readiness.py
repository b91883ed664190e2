"""``GET /ready`` as a page, for an operator with a browser; for programs ``api/health.py`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from qsignhub.bootstrap import Services
from qsignhub.foundation.readiness import examine
from qsignhub.pages.page_route import PageRoute, request_id_of, services_of
from qsignhub.pages.rendering import renderer

_WORDS: Mapping[str, str] = {
    "ready": "The service is ready",
    "ready.meaning": "Everything that it cannot do without answers.",
    "not ready": "The service is not ready",
    "not ready.meaning": (
        "A part that it cannot do without does not answer. Requests wait or are refused until it does; "
        "nothing that was acknowledged is lost."
    ),
    "ok": "there",
    "degraded": "does without",
    "failed": "not there",
}
"""For operators, so in the language of settings and logs, whatever the language of the signers' pages."""


class BrowsersOnly(PageRoute):
    """Is there only for who accepts HTML by name, as browsers do; ``*/*`` is a program."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return Match.NONE, {}
        return super().matches(scope)


House = Annotated[Services, Depends(services_of)]
routes = APIRouter(route_class=BrowsersOnly, include_in_schema=False)


@routes.get("/ready")
async def ready(request: Request, house: House) -> Response:
    found = await examine(house.probes)
    status = HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return renderer.page(
        house.settings.base_url,
        "readiness.html",
        status,
        request_id=request_id_of(request),
        readiness=found,
        words=_WORDS,
        moment=house.clock.now(),
    )
