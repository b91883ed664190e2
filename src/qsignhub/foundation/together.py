"""What is asked at the same time is asked together, in one exchange with the database.

While one exchange is under way, who asks meanwhile waits for the next, which takes all of them along: the
busier the process, the less a question costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

_AT_ONCE = 100


class Together(Generic[Q, A]):
    """``answer`` is given questions, a hundred at the most, and returns an answer to each, in their order."""

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """Raises what ``answer`` raises: to all that asked together."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._exchange(together)
        finally:
            self._at_work = None

    async def _exchange(self, together: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            found = await self._answer([question for question, _ in together])
        except BaseException as exc:
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(exc if isinstance(exc, Exception) else asyncio.CancelledError())
            if not isinstance(exc, Exception):  # told to stop
                raise
        else:
            for (_, answer), one in zip(together, found, strict=True):
                if not answer.done():  # whoever asked may have gone away
                    answer.set_result(one)
