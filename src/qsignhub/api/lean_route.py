"""A route for what is asked for all the time: the endpoint gets the request and the path, as they are.

No dependencies, no query (any is refused), no body, and no check of what comes back: an endpoint takes
``request`` and the path's parameters as text, and gives a Response. It stands in the specification like any
other.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from qsignhub.api.strict_route import check_query


class LeanRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            if request.scope["query_string"]:
                check_query(request, set())
            answer: Response = await endpoint(request, **request.path_params)
            return answer

        return handle
