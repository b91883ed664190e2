"""A tiny real HTTP server on loopback, for adapters that speak HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds to wait before answering."""
    drip: float = 0.0
    """Seconds to wait before each octet of the body."""


Handler = Callable[[str, str, bytes], Awaitable[Answer]]
"""(method, path, body) to an answer."""


@asynccontextmanager
async def loopback(handler: Handler) -> AsyncIterator[str]:
    """The base URL of a server that answers every request with what ``handler`` says."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split("\r\n", 1)[0].split(" ")
                length = 0
                for line in head.split("\r\n")[1:]:
                    name, _, value = line.partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                answer = await handler(method, path, await reader.readexactly(length))
                await asyncio.sleep(answer.delay)
                headers = {
                    "Content-Type": answer.content_type,
                    "Content-Length": str(len(answer.body)),
                    "Connection": "close",
                    **answer.headers,
                }
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                body = b"" if method == "HEAD" else answer.body
                writer.write(f"HTTP/1.1 {answer.status} X\r\n{lines}\r\n".encode())
                if answer.drip:
                    for octet in body:
                        await asyncio.sleep(answer.drip)
                        writer.write(bytes((octet,)))
                        await writer.drain()
                else:
                    writer.write(body)
                await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()
