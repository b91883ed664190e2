"""The first thing that happens to an API request: it is counted, and told how many are left.

Stands before routing, so that unknown paths and wrong methods count and carry the headers as well.
"""

from __future__ import annotations

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from qsignhub.accounts.admission import Admission
from qsignhub.api.errors import RETRY_AFTER_SECONDS, answer_of
from qsignhub.bootstrap import Services
from qsignhub.foundation.errors import QSignHubError
from qsignhub.foundation.logs import add_to_log

_COUNTED = "/v1"
_KEY_HEADER = b"x-api-key"
UNREADABLE = "unreadable"
"""Where ``http_protocol`` leaves, in ``scope["state"]``, the error that answers what is no request."""


class AtTheDoor:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unreadable: QSignHubError | None = scope.get("state", {}).get(UNREADABLE)
        counted = scope["type"] == "http" and (unreadable or scope["path"].startswith(_COUNTED))
        if not counted:
            await self._app(scope, receive, send)
            return
        house: Services = scope["app"].state.services
        client = scope.get("client")
        try:
            admission = await house.admissions.admit(_key_of(scope), client[0] if client else "")
        except QSignHubError as exc:
            # Whose request it is cannot be told now: nothing is left, until it can.
            soon = int(house.clock.now().timestamp()) + RETRY_AFTER_SECONDS
            scope["state"]["headers"] = _headers(Admission("unknown", 0, 0, soon))
            await _refuse(scope, receive, send, exc)
            return
        scope["state"]["admission"] = admission
        if admission.principal is not None:
            add_to_log(account=admission.principal.scope.account_id)
        scope["state"]["headers"] = _headers(admission)
        refusal = admission.over or unreadable
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        await self._app(scope, receive, send)


def _key_of(scope: Scope) -> str | None:
    """None where there is no key, or more than one: which of them was meant is not ours to guess."""
    found = [value for name, value in scope["headers"] if name == _KEY_HEADER]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _headers(admission: Admission) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit", str(admission.limit).encode()),
        (b"x-ratelimit-remaining", str(admission.remaining).encode()),
        (b"x-ratelimit-reset", str(admission.reset).encode()),
        (b"x-ratelimit-tier", admission.tier.encode()),
    ]


async def _refuse(scope: Scope, receive: Receive, send: Send, error: QSignHubError) -> None:
    answer = await answer_of(Request(scope, receive), error)
    await answer(scope, receive, send)
