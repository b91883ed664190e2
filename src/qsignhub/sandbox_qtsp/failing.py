"""ASGI middleware that lets requests fail as arranged: what fails in transport ends here.

``down`` closes the connection without an answer, as a dead server does; under a server that does not show its
transport it is 503. All other kinds reach the part itself, in ``request.state.failure``.
"""

from __future__ import annotations

import asyncio
import secrets

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from qsignhub.sandbox_qtsp.failures import Failures

_PARTS = {"tsa": "tsa", "ocsp": "ocsp", "tl.xml": "tl"}


class FailingParts:
    def __init__(self, app: ASGIApp, failures: Failures) -> None:
        self._app = app
        self._failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = parts_of(scope["path"]) if scope["type"] == "http" else ()
        failure = self._failures.take(*parts) if parts else None
        if failure is None:
            await self._app(scope, receive, send)
            return
        if failure.kind == "down":
            await _hang_up(scope, receive, send)
        elif failure.kind == "garbage":
            kind = "application/json" if parts[-1] == "csc" else "application/octet-stream"
            await Response(secrets.token_bytes(512), media_type=kind)(scope, receive, send)
        elif failure.kind == "error":
            content = {"error": "server_error", "error_description": "SANDBOX: a failure on demand"}
            await JSONResponse(content, 500)(scope, receive, send)
        else:
            if failure.kind == "slow":
                await asyncio.sleep(failure.seconds)
            scope.setdefault("state", {})["failure"] = failure.kind
            await self._app(scope, receive, send)


def parts_of(path: str) -> tuple[str, ...]:
    """The parts that a path belongs to, the narrowest first; none for the sandbox's own administration."""
    first, _, rest = path.lstrip("/").partition("/")
    if first == "csc":
        method = rest.partition("/")[2].strip("/")
        return f"csc.{method}", f"csc.{method.rpartition('/')[2]}", "csc"
    if first.endswith(".crl"):
        return ("crl",)
    return (_PARTS[first],) if first in _PARTS else ()


async def _hang_up(scope: Scope, receive: Receive, send: Send) -> None:
    # uvicorn's request cycle, of which ``receive`` is a method, has the connection's transport
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        await Response("SANDBOX: down on demand", 503, media_type="text/plain")(scope, receive, send)
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
