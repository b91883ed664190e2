"""A timestamp authority over HTTP (RFC 3161, section 3.4)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.outward import OutwardRefused
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

    ``client`` is the caller's, with whatever proxies and client certificates the authority asks for;
    ``basic`` (name and password) or ``bearer`` (a token) go along with each request, and nowhere else.
    ``policy`` (dotted) is asked for, and checked. ``timeout`` in seconds bounds a whole exchange. Redirects
    are not followed. ``anchors`` are the DER certificates that the authority's path must end at; None, which
    has to be said, takes any authority at this URL. Raises ValueError for a URL that is not http(s), or with
    credentials in it, and for both kinds of credentials at once.
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
        basic: tuple[str, str] | None = None,
        bearer: str | None = None,
        timeout: float = 10.0,
        allowed_skew: timedelta = ALLOWED_SKEW,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the URL of a timestamp authority begins with https:// or http://, and a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the credentials for a timestamp authority do not go into its URL")
        self._url = url
        self._client = client
        self._authorization = _authorization(basic, bearer)
        self._headers = _HEADERS | self._authorization
        self._clock = clock
        self._anchors = None if anchors is None else tuple(anchors)
        self._name = name or parts.hostname
        self._policy = policy
        self._timeout = timeout
        self._allowed_skew = allowed_skew

    @property
    def name(self) -> str:
        return self._name

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        request = build_request(imprint, hash_algorithm, policy=self._policy)
        async with self._contact():
            response = await self._exchange(request.der)
        return verify_response(
            response,
            request,
            anchors=self._anchors,
            now=self._clock.now(),
            allowed_skew=self._allowed_skew,
        )

    @asynccontextmanager
    async def _contact(self) -> AsyncIterator[None]:
        """Bounds all of an exchange in time, however slowly it drips, and names what keeps it from us."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            raise TimestampUnavailable(f"The timestamp authority {self._name} does not answer") from wrong
        except OutwardRefused as wrong:
            raise TimestampUnavailable(
                f"The timestamp authority {self._name} is not contacted: {wrong.message}"
            ) from wrong

    async def _exchange(self, body: bytes) -> bytes:
        async with self._client.stream(
            "POST",
            self._url,
            content=body,
            headers=self._headers,
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
        async with self._contact():
            response = await self._client.head(
                self._url, headers=self._authorization, timeout=self._timeout, follow_redirects=False
            )
        if response.is_server_error and response.status_code != HTTPStatus.NOT_IMPLEMENTED:
            raise TimestampUnavailable(
                f"The timestamp authority {self._name} answered HTTP {response.status_code}"
            )


def _authorization(basic: tuple[str, str] | None, bearer: str | None) -> dict[str, str]:
    """The header of RFC 7617 or RFC 6750."""
    if basic is not None and bearer is not None:
        raise ValueError("a timestamp authority takes either a name and password, or a token")
    if basic is not None:
        return {"Authorization": f"Basic {b64encode(':'.join(basic).encode()).decode()}"}
    return {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
