"""The ``Allow`` header of a 405 (RFC 9110 §15.5.6): every method of the path, whichever route has it.

The router answers with the methods of the first route whose path fits, and leaves out those of the others.
"""

from __future__ import annotations

from fastapi import Request
from starlette.routing import Match

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """For example ``DELETE, GET``."""
    return ", ".join(method for method in _METHODS if _has_route(request, method))


def _has_route(request: Request, method: str) -> bool:
    asked = {**request.scope, "method": method}
    return any(route.matches(asked)[0] == Match.FULL for route in request.app.routes)
