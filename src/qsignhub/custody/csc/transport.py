"""JSON over HTTP as the CSC API has it (clauses 7 and 10).

Bounded in time and size; repeated only where the caller says that it is safe.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from qsignhub.custody.csc.errors import (
    CscAuthorisationRefused,
    CscMalformed,
    CscRefused,
    CscUnauthorised,
    CscUnavailable,
    Secret,
)
from qsignhub.foundation.outward import OutwardRefused

MAX_OCTETS = 64 * 1024
MAX_CHAIN_OCTETS = 256 * 1024
ATTEMPTS = 3
_BACKOFF_SECONDS = 0.2

Json: TypeAlias = dict[str, Any]

_BY_ERROR: Mapping[str, Secret] = {
    "invalid_pin": "pin",  # v1.0.4.0, clause 11.6
    "invalid_otp": "otp",  # v1.0.4.0, clauses 11.6 and 11.9
    "invalid_authentication_data": "authentication",  # v2, clause 11.6
    "invalid_grant": "code",  # RFC 6749, section 5.2
}
_BY_DESCRIPTION: Mapping[str, Secret] = {
    "sad expired": "sad",
    "invalid parameter sad": "sad",
    "hash is not authorized by the sad": "sad",
}
_LATER = frozenset({"temporarily_unavailable", "server_error"})
_DESCRIPTIONS = frozenset(
    {
        *_BY_DESCRIPTION,
        "the credential identified by credentialid is disabled",
        "credential locked",
        "numbers of signatures is too high",
        "signing certificate is expired",
        "invalid digest value length",
        "invalid parameter signalgo",
        "invalid parameter credentialid",
    }
)
"""The specification's own sentences: what a service writes beyond them is not quoted, it may hold a PIN."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Json
    """Empty for an answer without content (204)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``body`` travels as JSON, ``form`` as a form (OAuth 2.0), neither as a GET."""

    url: str
    body: Json | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    limit: int = MAX_OCTETS
    repeatable: bool = False


class Transport:
    """``timeout`` in seconds bounds one exchange from end to end; ``name`` is for messages."""

    def __init__(self, http: httpx.AsyncClient, *, name: str, timeout: float) -> None:
        self._http = http
        self._name = name
        self._timeout = timeout

    async def send(self, call: Call) -> Answer:
        """The answer to a 2xx.

        Raises CscUnavailable, CscMalformed, CscRefused and its kinds.
        """
        if not call.repeatable:
            return await self._once(call)
        return await repeated(lambda: self._once(call))

    async def _once(self, call: Call) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                status, content_type, content = await self._exchange(call)
        except (httpx.HTTPError, httpx.InvalidURL, OutwardRefused, TimeoutError) as wrong:
            # not chained: the library's error holds the request, and the request may hold a PIN
            raise CscUnavailable(f"{self._name} does not answer ({type(wrong).__name__}).") from None
        return self._understood(status, content_type, content)

    async def _exchange(self, call: Call) -> tuple[int, str, bytes | None]:
        # no compression: the bound on the size then holds for what is kept in memory
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if call.authorization is not None:
            headers["Authorization"] = call.authorization
        content: bytes | None = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(call.body).encode()
        async with self._http.stream(
            "GET" if call.body is None and call.form is None else "POST",
            call.url,
            content=content,
            data=call.form,
            headers=headers,
            timeout=self._timeout,
            follow_redirects=False,
        ) as response:
            received = bytearray()
            content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if "content-encoding" in response.headers:
                return response.status_code, content_type, None
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > call.limit:
                    return response.status_code, content_type, None
            return response.status_code, content_type, bytes(received)

    def _understood(self, status: int, content_type: str, content: bytes | None) -> Answer:
        if status == httpx.codes.TOO_MANY_REQUESTS or (
            status >= httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.NOT_IMPLEMENTED
        ):
            raise CscUnavailable(f"{self._name} answered HTTP {status}.")
        body = _json(content_type, content)
        if status == httpx.codes.NO_CONTENT:
            return Answer(status, {})
        if httpx.codes.is_success(status):
            if body is None:
                raise CscMalformed(f"{self._name} did not answer with a JSON object of a bearable size.")
            return Answer(status, body)
        if not httpx.codes.is_error(status):  # 1xx, and redirects, which are not followed
            raise CscMalformed(f"{self._name} answered HTTP {status}, which the CSC API does not foresee.")
        raise self._refusal(status, body or {})

    def _refusal(self, status: int, body: Json) -> CscUnavailable | CscRefused:
        error = body.get("error")
        if not isinstance(error, str) or not re.fullmatch(r"[a-z0-9_]{1,40}", error):
            error = None
        described = body.get("error_description")
        sentence = described.strip().rstrip(".").lower() if isinstance(described, str) else ""
        description = sentence if sentence in _DESCRIPTIONS else None
        said = ", ".join(part for part in (f"HTTP {status}", error, description) if part)
        which = _BY_ERROR.get(error or "") or _BY_DESCRIPTION.get(sentence)
        if which is not None:
            return CscAuthorisationRefused(
                f"{self._name} did not accept the signer's authorisation ({said}).",
                error=error,
                description=description,
                which=which,
            )
        if error in _LATER:
            return CscUnavailable(f"{self._name} cannot answer now ({said}).")
        if status == httpx.codes.UNAUTHORIZED or error == "invalid_client":
            return CscUnauthorised(f"{self._name} does not let us in ({said}).")
        return CscRefused(f"{self._name} refused ({said}).", error=error, description=description)


async def repeated(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Up to three times while the service cannot be reached, with growing, jittered pauses.

    What lets nobody in, or answers nonsense, does not become better within a second.
    """
    for number in range(1, ATTEMPTS):
        try:
            return await attempt()
        except CscUnauthorised:
            raise
        except CscUnavailable:
            # jitter, not a secret
            await asyncio.sleep(_BACKOFF_SECONDS * 2 ** (number - 1) * random.uniform(0.5, 1.5))  # noqa: S311
    return await attempt()


def _json(content_type: str, content: bytes | None) -> Json | None:
    if content is None or content_type != "application/json":
        return None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
