"""HTTP to URLs that customers give us, without becoming their way into our own network (SSRF).

A host is resolved once, every address found is checked, and the connection goes to a checked address:
there is no second look-up for a rebinding name server to answer differently. TLS still asks for and
verifies the host's name. No redirects, no proxy, no cookies, and no connection is used twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeAlias

import httpcore
import httpx

from qsignhub.foundation.addresses import may_be_contacted
from qsignhub.foundation.errors import Refused, Unavailable

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to numeric addresses, in the order to try them. OSError if the name does not resolve."""

_SocketOptions: TypeAlias = Iterable[httpcore.SOCKET_OPTION] | None
_RESOLVER_THREADS = 4
_KEPT_CONNECTIONS = 8


class OutwardRefused(Refused):
    """The URL leads where we do not go; nothing was contacted."""

    code = "OUTWARD_REFUSED"


class OutwardFailed(Unavailable):
    """No answer that can be read, within the time. The message never holds the URL."""

    code = "OUTWARD_FAILED"


@dataclass(frozen=True, slots=True)
class OutwardResponse:
    """``body`` is what came within the limits, undecoded; ``complete`` says whether that is all of it."""

    status: int
    body: bytes
    complete: bool


def outward_client(
    *,
    allow_private: bool,
    allow_http: bool = False,
    keep_alive: bool = False,
    timeout_seconds: float = 10,
    resolve: Resolve | None = None,
    network: httpcore.AsyncNetworkBackend | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """A client that contacts public addresses over https only.

    ``allow_private`` (for development) adds plain http, loopback and private networks; ``allow_http`` adds
    plain http alone, for answers that are signed in themselves (OCSP, CRL, timestamps). ``keep_alive``
    uses connections again, for the few hosts that an operator has named. The time-out
    holds for each step (connect, each read); ``post_bounded`` bounds the whole. The rest is for
    tests: another resolver, another network, other trusted roots than the usual ones.
    """
    executor = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="outward-resolver")
    backend = _CheckedNetwork(
        resolve or _system_resolver(executor), network or httpcore.AnyIOBackend(), allow_private
    )
    transport = _Transport(
        backend,
        ssl_context or httpx.create_ssl_context(),
        executor,
        allow_http=allow_private or allow_http,
        kept_connections=_KEPT_CONNECTIONS if keep_alive else 0,
    )
    return httpx.AsyncClient(
        transport=transport,
        timeout=timeout_seconds,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def post_bounded(
    client: httpx.AsyncClient,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    max_response_bytes: int = 64 * 1024,
    deadline_seconds: float = 15,
) -> OutwardResponse:
    """POSTs, and reads at most so many bytes of the answer, until the deadline for all of it.

    Once the status line and headers are there they count: a body that drips or does not end is cut.
    Raises OutwardRefused, OutwardFailed. The path and query, which may hold secrets, do not go through
    the HTTP library's own log, which notes every URL: they travel beside it as the request's target.
    """
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise OutwardRefused("This is not a URL that can be called.") from None
    if target.userinfo:
        raise OutwardRefused("A URL with a user name or password in it is not called.")
    request = client.build_request(
        "POST",
        target.copy_with(raw_path=b"/", fragment=None),
        content=content,
        headers={"Accept": "*/*", "Accept-Encoding": "identity"} | dict(headers),
    )
    request.extensions["target"] = target.raw_path
    deadline = asyncio.get_running_loop().time() + deadline_seconds
    try:
        async with asyncio.timeout_at(deadline):
            response = await client.send(request, stream=True)
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise OutwardFailed(f"No answer within {deadline_seconds:g} seconds.") from exc
    except httpx.TransportError as exc:
        raise OutwardFailed(str(exc)) from exc
    except UnicodeError as exc:  # a host name that no name server can be asked for
        raise OutwardRefused("The host's name is not one that can be looked up.") from exc
    try:
        body, complete = await _read(response, max_response_bytes, deadline)
    finally:
        await response.aclose()
    return OutwardResponse(response.status_code, body, complete)


async def _read(response: httpx.Response, limit: int, deadline: float) -> tuple[bytes, bool]:
    """Raw bytes: decompressing would let a small answer become a huge one."""
    body = bytearray()
    try:
        async with asyncio.timeout_at(deadline):
            async for part in response.aiter_raw():
                body += part
                if len(body) > limit:
                    return bytes(body[:limit]), False
    except (TimeoutError, httpx.TransportError):
        return bytes(body), False
    return bytes(body), True


def _system_resolver(executor: ThreadPoolExecutor) -> Resolve:
    """Threads of its own: a slow name server must not hold up what else runs in the default ones."""

    async def resolve(host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            executor, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    return resolve


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses. TLS is started by the caller on the stream, with the host's name."""

    def __init__(self, resolve: Resolve, network: httpcore.AsyncNetworkBackend, allow_private: bool) -> None:
        self._resolve = resolve
        self._network = network
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: _SocketOptions = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("The host has no address.")
        addresses = await self._checked(host, port, timeout)
        share = None if timeout is None else timeout / max(1, len(addresses))
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    async def _checked(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout("The host's name was not resolved in time.") from exc
        except (OSError, UnicodeError) as exc:
            raise httpcore.ConnectError("The host's name does not resolve.") from exc
        # One bad address among good ones refuses them all: whoever mixes them wants the bad one called.
        if not all(may_be_contacted(address, allow_private=self._allow_private) for address in addresses):
            raise OutwardRefused("The host leads to an address that is not open to the public.")
        return addresses


class _Transport(httpx.AsyncBaseTransport):
    """httpx on a httpcore pool whose network is the checked one."""

    def __init__(
        self,
        network: httpcore.AsyncNetworkBackend,
        ssl_context: ssl.SSLContext,
        executor: ThreadPoolExecutor,
        *,
        allow_http: bool,
        kept_connections: int,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context, max_keepalive_connections=kept_connections, network_backend=network
        )
        self._executor = executor
        self._schemes = {"https", "http"} if allow_http else {"https"}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in self._schemes:
            raise OutwardRefused("Only https URLs are called.")
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _httpx_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        if not isinstance(response.stream, AsyncIterable):
            raise TypeError("an asynchronous pool answers with an asynchronous stream")
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


@contextlib.contextmanager
def _httpx_errors() -> Iterator[None]:
    """Protocol errors are named without detail: it would quote what some host of ours answered."""
    try:
        yield
    except httpcore.TimeoutException as exc:
        raise httpx.ReadTimeout("Timed out.") from exc
    except httpcore.ConnectError as exc:
        raise httpx.ConnectError(f"The connection failed: {exc}") from exc
    except httpcore.NetworkError as exc:
        raise httpx.NetworkError("The connection was lost.") from exc
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as exc:
        raise httpx.RemoteProtocolError("The answer is not HTTP.") from exc
