"""What every request carries: its id, the services, and who speaks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qsignhub.accounts.admission import Admission
from qsignhub.accounts.errors import PermissionMissing
from qsignhub.accounts.model import Principal
from qsignhub.accounts.permissions import Permission
from qsignhub.api.errors import unexpected
from qsignhub.bootstrap import Services
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.logs import add_to_log

logger = logging.getLogger(__name__)


class RequestId:
    """Gives each request an id, in ``request.state`` and in the ``X-Request-Id`` header.

    It stands outside of everything: an unexpected error, too, is answered with the id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        add_to_log(request_id=request_id)

        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = message.setdefault("headers", [])
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(scope["state"].get("headers", ()))
                if not any(name == b"x-content-type-options" for name, _ in headers):
                    headers.append((b"x-content-type-options", b"nosniff"))
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            logger.info("the client went away")
        except Exception as exc:
            if begun:
                raise
            answer = await unexpected(Request(scope, receive), exc)
            await answer(scope, receive, send_with_id)


def services_of(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def services(request: Request) -> Services:
    """As a dependency: the framework would call a plain function in a thread."""
    return services_of(request)


def may(permission: Permission) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: the key's principal, if the key is not restricted to other things than this."""

    async def speaker(request: Request) -> Principal:
        found = await principal(request)
        if not found.may(permission):
            raise PermissionMissing(f"This API key is restricted and lacks the permission {permission}.")
        return found

    return speaker


async def principal(request: Request) -> Principal:
    """Who speaks, as the door found out. Raises why nobody does."""
    admission: Admission = request.state.admission
    if admission.refusal is not None:
        raise admission.refusal
    if admission.principal is None:
        raise LookupError("an admission without a refusal has a principal")
    return admission.principal


Speaker = Annotated[Principal, Depends(principal)]
House = Annotated[Services, Depends(services)]
