"""The route class of the API: a query parameter that is not known, or stands twice, is refused and named.

A misspelled ``dry_run`` would else make what was only to be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from qsignhub.foundation.errors import Invalid

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                check_query(request, known)
            return await handle(request)

        return handle_strictly


def check_query(request: Request, known: set[str]) -> None:
    """Raises Invalid, which names the parameter."""
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Invalid(f"{name[:80]}: is not a query parameter that is known here", field=name[:80])
        if name in seen:
            raise Invalid(f"{name}: stands twice", field=name)
        seen.add(name)
