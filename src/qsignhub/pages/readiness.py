"""``GET /ready`` as a page, for an operator with a browser; for programs ``api/health.py`` answers."""

from __future__ import annotations

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
        moment=house.clock.now(),
    )
