"""A call of a CSC method: JSON in, JSON or an error out, and who calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from qsignhub.sandbox_qtsp.authorisations import Grant
from qsignhub.sandbox_qtsp.credentials import Credential
from qsignhub.sandbox_qtsp.csc.errors import CscError
from qsignhub.sandbox_qtsp.csc.parameters import Parameters
from qsignhub.sandbox_qtsp.qtsp import Qtsp

Version: TypeAlias = Literal[1, 2]
MAX_BODY = 256 * 1024
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Call:
    qtsp: Qtsp
    version: Version
    parameters: Parameters
    authorization: str | None
    failure: str | None

    def caller(self) -> Grant:
        """The service or credential authorisation of the bearer token (RFC 6750)."""
        token = self.token()
        for kind in ("service", "activation"):
            grant = self.qtsp.authorisations.find(token, cast("Any", kind))
            if grant is not None:
                if self.qtsp.authorisations.expired(grant):
                    raise CscError("The access token is expired or has been revoked", "expired_token", 401)
                return grant
        raise CscError("The access token is not valid", "invalid_token", 401)

    def token(self) -> str:
        scheme, _, token = (self.authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise CscError("Malformed authorization header")
        return token.strip()

    def credential(self, caller: Grant) -> Credential:
        """The one of ``credentialID``; somebody else's is not there."""
        found = self.qtsp.credentials.get(self.parameters.string("credentialID"))
        if found is None or (caller.user_id is not None and found.user.user_id != caller.user_id):
            raise CscError("Invalid parameter credentialID")
        if caller.signing is not None and caller.signing.credential_id != found.id:
            raise CscError("Invalid parameter credentialID")
        return found


Method: TypeAlias = Callable[[Call], dict[str, Any] | None]


def method_route(qtsp: Qtsp, version: Version, name: str, method: Method) -> Route:
    """``POST /csc/v{version}/{name}``; a method that returns nothing answers 204."""

    async def endpoint(request: Request) -> Response:
        try:
            call = Call(
                qtsp=qtsp,
                version=version,
                parameters=Parameters(await _content(request)),
                authorization=request.headers.get("authorization"),
                failure=getattr(request.state, "failure", None),
            )
            answer = await run_in_threadpool(method, call)
        except CscError as error:
            return refused(error)
        return Response(status_code=204) if answer is None else JSONResponse(answer, headers=_NO_STORE)

    return Route(f"/csc/v{version}/{name}", endpoint, methods=["POST"])


def refused(error: CscError) -> JSONResponse:
    headers = dict(_NO_STORE)
    if error.status == 401:
        headers["WWW-Authenticate"] = f'Bearer error="{error.error}"'
    content = {"error": error.error, "error_description": error.description}
    return JSONResponse(content, error.status, headers)


async def bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise CscError("The request is too large", status=413)
    return bytes(body)


async def _content(request: Request) -> dict[str, Any]:
    body = await bounded_body(request)
    if not body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise CscError("The Content-Type of a request is application/json")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise CscError("The request is not JSON") from None
    if not isinstance(content, dict):
        raise CscError("The request is not a JSON object")
    return content
