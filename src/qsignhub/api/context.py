"""What every request carries: its id, the services, and who speaks."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qsignhub.accounts.model import Principal
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
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
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


def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def principal(
    request: Request, x_api_key: Annotated[str | None, Header(alias="X-API-Key")] = None
) -> Principal:
    found = services(request)
    async with found.database.transaction() as tx:
        speaker = await found.accounts.authenticate(tx, x_api_key)
    add_to_log(account=speaker.scope.account_id)
    return speaker


Speaker = Annotated[Principal, Depends(principal)]
House = Annotated[Services, Depends(services)]
