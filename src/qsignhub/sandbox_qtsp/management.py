"""``/sandbox``: users, revocation, failures on demand, outbox, configuration. For tests, and not guarded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from qsignhub.authority.errors import SubjectRefused
from qsignhub.sandbox_qtsp.configuration import configuration
from qsignhub.sandbox_qtsp.credentials import AuthMode, Credential, KeyKind, Wanted
from qsignhub.sandbox_qtsp.csc.call import bounded_body
from qsignhub.sandbox_qtsp.csc.errors import CscError
from qsignhub.sandbox_qtsp.failures import Failure, Failures, NoSuchFailure
from qsignhub.sandbox_qtsp.qtsp import Qtsp

_Text = Annotated[str, Field(min_length=1, max_length=60)]


class _User(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(min_length=1, max_length=254)]
    name: _Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    pin: Annotated[str, Field(min_length=4, max_length=64)]
    otp: Annotated[str, Field(pattern=r"^(none|online|[0-9]{4,10})$")] = "none"
    auth_mode: AuthMode = "explicit"
    key: KeyKind = "P-256"
    qualified: bool = True
    seal: bool = False

    @model_validator(mode="after")
    def _seals_are_not_qualified(self) -> Self:
        if self.seal and self.qualified:
            raise ValueError("seals are not qualified here: give qualified = false")
        return self


class _Failure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: _Text
    times: int | None = None
    seconds: float = 5.0


class Management:
    def __init__(self, qtsp: Qtsp) -> None:
        self._qtsp = qtsp

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/users", self.add_user, methods=["POST"]),
            Route("/sandbox/users", self.users, methods=["GET"]),
            Route("/sandbox/credentials/{id}/revoke", self.revoke, methods=["POST"]),
            Route("/sandbox/credentials/{id}/unlock", self.unlock, methods=["POST"]),
            Route("/sandbox/outbox", self.outbox, methods=["GET"]),
            Route("/sandbox/configuration", self.configuration, methods=["GET"]),
            Route("/sandbox/failures", self.failures, methods=["GET"]),
            Route("/sandbox/failures", self.clear_all, methods=["DELETE"]),
            Route("/sandbox/failures/{part:path}", self.fail, methods=["PUT"]),
            Route("/sandbox/failures/{part:path}", self.clear, methods=["DELETE"]),
        ]

    async def add_user(self, request: Request) -> Response:
        try:
            wanted = Wanted(**_User.model_validate_json(await _json(request)).model_dump())
            credential = await run_in_threadpool(self._qtsp.credentials.add, wanted)
        except (ValidationError, CscError, SubjectRefused) as wrong:
            return _refused(wrong)
        return JSONResponse(_shown(credential), 201)

    async def users(self, _request: Request) -> Response:
        return JSONResponse({"users": [_shown(one) for one in self._qtsp.credentials.all()]})

    async def revoke(self, request: Request) -> Response:
        return self._of_credential(
            request, lambda found: self._qtsp.authority.revoke(found.loaded().serial_number)
        )

    async def unlock(self, request: Request) -> Response:
        return self._of_credential(request, Credential.activated)

    async def outbox(self, _request: Request) -> Response:
        return JSONResponse({"messages": [message.shown() for message in self._qtsp.outbox]})

    async def configuration(self, _request: Request) -> Response:
        return PlainTextResponse(configuration(self._qtsp).toml, media_type="application/toml")

    async def failures(self, _request: Request) -> Response:
        return JSONResponse(_listed(self._qtsp.failures))

    async def fail(self, request: Request) -> Response:
        try:
            wanted = _Failure.model_validate_json(await _json(request))
            self._qtsp.failures.arrange(
                request.path_params["part"], wanted.kind, wanted.times, wanted.seconds
            )
        except (ValidationError, NoSuchFailure, CscError) as wrong:
            return _refused(wrong)
        return JSONResponse(_listed(self._qtsp.failures))

    async def clear(self, request: Request) -> Response:
        self._qtsp.failures.clear(request.path_params["part"])
        return Response(status_code=204)

    async def clear_all(self, _request: Request) -> Response:
        self._qtsp.failures.clear()
        return Response(status_code=204)

    def _of_credential(self, request: Request, act: Callable[[Credential], None]) -> Response:
        found = self._qtsp.credentials.get(request.path_params["id"])
        if found is None:
            return JSONResponse({"error": "not_found", "error_description": "No such credential"}, 404)
        act(found)
        return JSONResponse(_shown(found))


async def _json(request: Request) -> bytes:
    """Of this type alone, which a page of another origin cannot send unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise CscError("The Content-Type of a request is application/json")
    return await bounded_body(request)


def _shown(credential: Credential) -> dict[str, Any]:
    return {
        "credential_id": credential.id,
        "user_id": credential.user.user_id,
        "name": credential.user.name,
        "auth_mode": credential.user.auth_mode,
        "key": credential.user.key,
        "qualified": credential.user.qualified,
        "seal": credential.user.seal,
        "locked": credential.locked,
        "serial": f"{credential.loaded().serial_number:x}",
    }


def _listed(failures: Failures) -> dict[str, Any]:
    def shown(failure: Failure) -> dict[str, Any]:
        left = None if failure.times is None else failure.times - failure.asked
        return {"kind": failure.kind, "times_left": left, "seconds": failure.seconds}

    return {"failures": {part: shown(failure) for part, failure in failures.listed().items()}}


def _refused(wrong: Exception) -> JSONResponse:
    if isinstance(wrong, ValidationError):
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        description = f"{where}: {first['msg']}"
    else:
        description = re.sub(r"\s+", " ", str(wrong))
    return JSONResponse({"error": "invalid_request", "error_description": description}, 422)
