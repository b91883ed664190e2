"""A remote signing service on loopback that says what it is told to, and writes down what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def called(self) -> str:
        """The method's name: ``credentials/info``, ``oauth2/token``."""
        return self.path.removeprefix("/csc/v1").removeprefix("/csc/v2").lstrip("/")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@dataclass(frozen=True)
class Said:
    """``octets`` instead of ``body`` for what is not JSON. ``drip``: seconds between single octets."""

    body: Any = None
    status: int = 200
    octets: bytes | None = None
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    dies: bool = False
    """The connection breaks instead of an answer."""

    @property
    def content(self) -> bytes:
        if self.octets is not None:
            return self.octets
        return b"" if self.body is None else json.dumps(self.body).encode()


Line = Said | Callable[[Asked], Said] | Callable[[Asked], Awaitable[Said]]


class Script:
    """Lines by method (``credentials/info``); the last line of a method is said again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._lines: dict[str, list[Line]] = defaultdict(list)

    def on(self, method: str, *lines: Line) -> Script:
        self._lines[method] = list(lines)
        return self

    def calls(self, method: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.called == method]

    def methods(self) -> list[str]:
        return [asked.called for asked in self.asked]

    async def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if lines := self._lines[asked.called]:
            line = lines.pop(0) if len(lines) > 1 else lines[0]
            said = line if isinstance(line, Said) else line(asked)
            return said if isinstance(said, Said) else await said
        return Said({"error": "invalid_request", "error_description": "Unknown method"}, status=404)


@asynccontextmanager
async def scripted() -> AsyncIterator[Script]:
    script = Script()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await _exchange(script, reader, writer)
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
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()


async def _exchange(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    said = await script.answer(Asked(method, path, headers, body))
    await asyncio.sleep(said.delay)
    if said.dies:
        return
    content = said.content
    sent = {"Content-Type": said.content_type, "Content-Length": str(len(content)), "Connection": "close"}
    if said.status == 204:
        sent = {"Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in (sent | said.headers).items())
    writer.write(f"HTTP/1.1 {said.status} X\r\n{head}\r\n".encode())
    if not said.drip:
        writer.write(content)
    else:
        for octet in content:
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(said.drip)
    await writer.drain()
