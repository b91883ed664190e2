"""What holds for every page: its security headers, and an error as a page of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from qsignhub.bootstrap import Services
from qsignhub.foundation.errors import NotFound, QSignHubError
from qsignhub.foundation.ids import new_id
from qsignhub.pages.errors import page_of
from qsignhub.pages.rendering import renderer

logger = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",  # the path is a secret: it goes to nobody else
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """The route class of pages: people get a page, never a stack trace and never JSON."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                response = await handle(request)
            except RequestValidationError:
                response = _error_page(request, NotFound("There is no such page."))
            except Exception as exc:  # noqa: BLE001 - the person's last resort: logged, answered with 500
                response = _error_page(request, exc)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return handle_as_page


def services_of(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def request_id_of(request: Request) -> str:
    """The id that the application gave the request, and its answer's X-Request-Id header shows."""
    if not hasattr(request.state, "request_id"):
        request.state.request_id = new_id("req")
    return str(request.state.request_id)


def _error_page(request: Request, exc: Exception) -> Response:
    status, key = page_of(exc)
    request_id = request_id_of(request)
    if not isinstance(exc, QSignHubError):
        logger.error("unexpected error on a page", exc_info=exc)
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("%s: %s", exc.code, exc.message)
    base_url = services_of(request).settings.base_url
    response = renderer.page(base_url, "error.html", status, request_id=request_id, error=key)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response
