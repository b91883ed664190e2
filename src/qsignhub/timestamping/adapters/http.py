"""A timestamp authority over HTTP (RFC 3161, section 3.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from qsignhub.foundation.clock import Clock
from qsignhub.timestamping.errors import TimestampMalformed, TimestampUnavailable
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.request import build_request
from qsignhub.timestamping.verify import ALLOWED_SKEW, MAX_RESPONSE_OCTETS, verify_response

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
# no compression: the bound on the size then holds for what is kept in memory
_HEADERS = {"Content-Type": QUERY, "Accept": REPLY, "Accept-Encoding": "identity"}


class HttpTimestampAuthority:
    """One authority at one URL.

    ``client`` is the caller's, with whatever authentication and proxies the authority asks for.
    ``timeout`` in seconds bounds a whole exchange. Redirects are not followed. ``anchors`` are the DER
    certificates that the authority's path must end at; None takes any authority at this URL.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        anchors: Sequence[bytes] | None,
        name: str | None = None,
        policy: str | None = None,
        timeout: float = 10.0,
        allowed_skew: timedelta = ALLOWED_SKEW,
    ) -> None:
        self._url = url
        self._client = client
        self._clock = clock
        self._anchors = None if anchors is None else tuple(anchors)
        self._name = name or urlsplit(url).hostname or url
        self._policy = policy
        self._timeout = timeout
        self._allowed_skew = allowed_skew

    @property
    def name(self) -> str:
        return self._name

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        request = build_request(imprint, hash_algorithm, policy=self._policy)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._exchange(request.der)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            raise TimestampUnavailable(f"The timestamp authority {self._name} does not answer") from wrong
        return verify_response(
            response,
            request,
            anchors=self._anchors,
            now=self._clock.now(),
            allowed_skew=self._allowed_skew,
        )

    async def _exchange(self, body: bytes) -> bytes:
        async with self._client.stream(
            "POST",
            self._url,
            content=body,
            headers=_HEADERS,
            timeout=self._timeout,
            follow_redirects=False,
        ) as response:
            if response.status_code != HTTPStatus.OK:
                raise TimestampUnavailable(
                    f"The timestamp authority {self._name} answered HTTP {response.status_code}"
                )
            content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type != REPLY or "content-encoding" in response.headers:
                raise TimestampMalformed(f"The timestamp authority {self._name} did not answer with {REPLY}")
            received = bytearray()
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > MAX_RESPONSE_OCTETS:
                    raise TimestampMalformed(f"The timestamp authority {self._name} answered too much")
            return bytes(received)

    async def ping(self) -> None:
        """Reaches the server with HEAD, which costs no timestamp; any answer under 500 will do.

        501 will do too: a server may not know HEAD.
        """
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.head(self._url, timeout=self._timeout, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            raise TimestampUnavailable(f"The timestamp authority {self._name} does not answer") from wrong
        if response.is_server_error and response.status_code != HTTPStatus.NOT_IMPLEMENTED:
            raise TimestampUnavailable(
                f"The timestamp authority {self._name} answered HTTP {response.status_code}"
            )
