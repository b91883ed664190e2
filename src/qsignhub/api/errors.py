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

from qsignhub.api import wording
from qsignhub.api.allowed_methods import allowed_methods
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
    HTTPStatus.NOT_FOUND: errors.NotFound.code,
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
}


_VALIDATION_FAILED = errors.Invalid.code
RETRY_AFTER_SECONDS = 5
"""When a part of ours is down: how soon it is worth to try again."""


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
    app.add_exception_handler(errors.QSignHubError, answer_of)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def answer_of(request: Request, exc: Exception) -> JSONResponse:
    if not isinstance(exc, errors.QSignHubError):
        raise exc
    status = status_of(exc)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("%s: %s", exc.code, exc.message)
    additions: dict[str, Any] = {"field": exc.field} if exc.field else {}
    headers = None
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(exc, errors.Invalid) and exc.field:
        additions["fields"] = [
            {"field": each.field, "code": each.code, "message": each.message} for each in (exc, *exc.others)
        ]
    if isinstance(exc, errors.TooMany):
        additions["retry_after"] = exc.retry_after
        headers = {"Retry-After": str(exc.retry_after)}
    return JSONResponse(envelope(request, exc.code, exc.message, **additions), status, headers=headers)


async def _invalid(request: Request, exc: Exception) -> JSONResponse:
    """Readable, but not as the contract wants it: every wrong field is named."""
    if not isinstance(exc, RequestValidationError | ValidationError):
        raise exc
    found = [
        {
            "field": wording.field_of(problem),
            "code": _VALIDATION_FAILED,
            "message": wording.sentence_of(problem),
        }
        for problem in exc.errors()
    ]
    first = found[0]
    message = f"{first['field']}: {first['message']}"
    if len(found) > 1:
        message += f" (and {len(found) - 1} more)"
    return JSONResponse(
        envelope(request, _VALIDATION_FAILED, message, field=first["field"], fields=found),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )


async def _http(request: Request, exc: Exception) -> JSONResponse:
    if not isinstance(exc, HTTPException):
        raise exc
    status = HTTPStatus(exc.status_code)
    fallback = errors.Malformed if status < HTTPStatus.INTERNAL_SERVER_ERROR else errors.QSignHubError
    code = _CODE_OF_STATUS.get(status, fallback.code)
    body = envelope(request, code, status.description or status.phrase)
    headers = dict(exc.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed_methods(request)
    return JSONResponse(body, status, headers=headers)


async def unexpected(request: Request, exc: Exception) -> JSONResponse:
    logger.error("unexpected error", exc_info=exc)
    message = "Something went wrong on our side. Contact support with the request id."
    return JSONResponse(envelope(request, "INTERNAL_ERROR", message), HTTPStatus.INTERNAL_SERVER_ERROR)
