"""A POST and its transaction: what carries an ``X-Idempotency-Key`` has its effect once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from qsignhub.api.errors import answer_of, status_of
from qsignhub.bootstrap import Services
from qsignhub.foundation import idempotency
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Malformed, QSignHubError
from qsignhub.foundation.idempotency import Answer
from qsignhub.foundation.scope import Scope

KEY_HEADER = "X-Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
MAX_KEY_LENGTH = 255

Effect = Callable[[Transaction], Awaitable[dict[str, Any]]]

# Not the request's own fault or not for ever: a later try with the same key is a try of its own.
_NOT_KEPT = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}


class IdempotencyKeyInvalid(Malformed):
    code = "IDEMPOTENCY_KEY_INVALID"


async def idempotency_key(request: Request) -> str | None:
    """Looked at before the body is read."""
    found = request.headers.getlist(KEY_HEADER)
    if not found:
        return None
    key = found[0]
    if len(found) > 1 or not 1 <= len(key) <= MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid(
            f"{KEY_HEADER} must be 1 to {MAX_KEY_LENGTH} printable ASCII characters, for example a UUID."
        )
    return key


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


class Once:
    """One POST; ``sent`` is all that its effect depends on, as JSON (a file by its hash)."""

    def __init__(self, request: Request, house: Services, scope: Scope, key: str | None, sent: Any) -> None:
        self._request = request
        self._house = house
        self._scope = scope
        self._key = key
        text = json.dumps([request.method, request.url.path, request.url.query, sent], sort_keys=True)
        self._fingerprint = hashlib.sha256(text.encode()).digest()

    async def kept(self) -> Response | None:
        """The answer that is there already: asked before work that costs something."""
        if self._key is None:
            return None
        async with self._house.database.transaction() as tx:
            return await self._find(tx, self._key)

    async def do(self, effect: Effect, status: int = HTTPStatus.CREATED) -> Response:
        """Runs ``effect`` and commits it, or gives the answer of the first time.

        An error of the caller's is an answer as well and is kept; one of ours rolls everything back.
        """
        async with self._house.database.transaction() as tx:
            if self._key is None:
                return JSONResponse(await effect(tx), status)
            await idempotency.hold(tx, self._scope, self._key)
            if (kept := await self._find(tx, self._key)) is not None:
                return kept
            try:
                async with tx.transaction():
                    response = JSONResponse(await effect(tx), status)
            except QSignHubError as exc:
                if not _is_an_answer(exc):
                    raise
                response = await answer_of(self._request, exc)
            answer = Answer(response.status_code, bytes(response.body))
            now = self._house.clock.now()
            await idempotency.keep(tx, self._scope, self._key, self._fingerprint, answer, now)
            return response

    async def _find(self, tx: Transaction, key: str) -> Response | None:
        now = self._house.clock.now()
        answer = await idempotency.find(tx, self._scope, key, self._fingerprint, now)
        if answer is None:
            return None
        headers = {REPLAYED_HEADER: "true"}
        return Response(answer.body, answer.status, headers, media_type="application/json")


def _is_an_answer(error: QSignHubError) -> bool:
    status = status_of(error)
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_KEPT
