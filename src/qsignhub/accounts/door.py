"""Requests that come at the same time are counted in one statement.

While a statement is under way, who arrives waits for the next one, which takes all of them along: the busier
the process, the less a request costs, and an account's row is held once for many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qsignhub.accounts import repository
from qsignhub.accounts.repository import Knock
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database, Row

_AT_ONCE = 100


class Door:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[Knock, asyncio.Future[Row]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def knock(self, knock: Knock) -> Row:
        """What ``repository.admit`` says of it. Raises DatabaseUnavailable."""
        answer: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._waiting.append((knock, answer))
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._answer(together)
        finally:
            self._at_work = None

    async def _answer(self, together: Sequence[tuple[Knock, asyncio.Future[Row]]]) -> None:
        knocks = [knock for knock, _ in together]
        try:
            rows = await repository.admit(self._database, knocks, self._clock.now())
        except BaseException as exc:
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(exc if isinstance(exc, Exception) else ConnectionError())
            if not isinstance(exc, Exception):
                raise
        else:
            for (_, answer), row in zip(together, rows, strict=True):
                if not answer.done():  # whoever asked may have gone away
                    answer.set_result(row)
