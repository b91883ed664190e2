"""The one place where errors become HTTP: the contract's envelope, with its request id."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from qsignhub.foundation import errors

logger = logging.getLogger(__name__)

_STATUS: dict[type[errors.QSignHubError], HTTPStatus] = {
    errors.Malformed: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Refused: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODE_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
}


def status_of(error: errors.QSignHubError) -> HTTPStatus:
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def envelope(request: Request, code: str, message: str, **additions: Any) -> dict[str, Any]:
    """The contract's error body; ``additions`` are ours and only ever add."""
    docs_url = request.app.state.docs_url
    return {
        "error": {
            "code": code,
            "message": message,
            "docs_url": f"{docs_url}/errors/{code}",
            "request_id": request.state.request_id,
            **additions,
        }
    }


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.QSignHubError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, exc: Exception) -> JSONResponse:
    if not isinstance(exc, errors.QSignHubError):
        raise exc
    status = status_of(exc)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("%s %s: %s", request.state.request_id, exc.code, exc.message)
    additions: dict[str, Any] = {"field": exc.field} if exc.field else {}
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(exc, errors.TooMany):
        additions["retry_after"] = exc.retry_after
        headers = {"Retry-After": str(exc.retry_after)}
    return JSONResponse(envelope(request, exc.code, exc.message, **additions), status, headers=headers)


async def _invalid(request: Request, exc: Exception) -> JSONResponse:
    """Readable, but not as the contract wants it: every wrong field is named."""
    if not isinstance(exc, RequestValidationError | ValidationError):
        raise exc
    # FastAPI says first whether it is of the query or of the path; the field's name is enough.
    skipped = 1 if isinstance(exc, RequestValidationError) else 0
    found = [
        {"field": ".".join(map(str, problem["loc"][skipped:])) or "body", "message": problem["msg"]}
        for problem in exc.errors()
    ]
    first = found[0]
    message = f"{first['field']}: {first['message']}"
    if len(found) > 1:
        message += f" (and {len(found) - 1} more)"
    return JSONResponse(
        envelope(request, "VALIDATION_FAILED", message, field=first["field"], fields=found),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )


async def _http(request: Request, exc: Exception) -> JSONResponse:
    if not isinstance(exc, HTTPException):
        raise exc
    status = HTTPStatus(exc.status_code)
    code = _CODE_OF_STATUS.get(status, status.name)
    body = envelope(request, code, status.description or status.phrase)
    return JSONResponse(body, status, headers=exc.headers)


async def unexpected(request: Request, exc: Exception) -> JSONResponse:
    logger.error("%s unexpected error", request.state.request_id, exc_info=exc)
    message = "Something went wrong on our side. Contact support with the request id."
    return JSONResponse(envelope(request, "INTERNAL_ERROR", message), HTTPStatus.INTERNAL_SERVER_ERROR)
