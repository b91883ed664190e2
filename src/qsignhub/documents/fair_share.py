"""Turns at something scarce, so that nobody takes all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Holder:
    turns: asyncio.Semaphore
    users: int = 0


class FairShare:
    """At most ``each`` turns at once for one holder, and ``total`` for all; the others wait their turn.

    A holder waits at its own gate first: whoever waits there stands in nobody else's way.
    """

    def __init__(self, *, each: int, total: int | None = None) -> None:
        self._each = each
        self._all = asyncio.Semaphore(total) if total is not None else None
        self._holders: dict[str, _Holder] = {}

    @asynccontextmanager
    async def turn(self, holder: str) -> AsyncIterator[None]:
        found = self._holders.setdefault(holder, _Holder(asyncio.Semaphore(self._each)))
        found.users += 1
        try:
            async with found.turns:
                if self._all is None:
                    yield
                else:
                    async with self._all:
                        yield
        finally:
            found.users -= 1
            if found.users == 0:
                del self._holders[holder]
