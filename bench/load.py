"""Requests over a few kept connections, as lean as can be: the server is what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from urllib.parse import urlsplit


async def send(url: str, targets: Sequence[str], headers: dict[str, str], *, connections: int) -> list[float]:
    """GETs of all targets (path and query), shared among the connections; the seconds that each took.

    Raises AssertionError for an answer that is not 200.
    """
    parts = urlsplit(url)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    waiting = [f"GET {target} HTTP/1.1\r\nHost: bench\r\n{head}\r\n".encode() for target in reversed(targets)]
    seconds: list[float] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while waiting:
            request = waiting.pop()
            begun = time.perf_counter()
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_content_length(answer))
            seconds.append(time.perf_counter() - begun)
            assert answer.startswith(b"HTTP/1.1 200"), answer.decode()
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return seconds


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise AssertionError("an answer without Content-Length")
