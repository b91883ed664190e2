from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from qsignhub.foundation.together import Together


class Doubling:
    """Answers when it is let; remembers who was asked together."""

    def __init__(self) -> None:
        self.exchanges: list[list[int]] = []
        self.let = asyncio.Event()
        self.fault: BaseException | None = None

    async def __call__(self, questions: Sequence[int]) -> list[int]:
        self.exchanges.append(list(questions))
        await self.let.wait()
        if self.fault is not None:
            raise self.fault
        return [2 * question for question in questions]


@pytest.fixture
async def doubling() -> Doubling:
    return Doubling()


async def asked(together: Together[int, int], count: int) -> list[asyncio.Task[int]]:
    """The first is under way before the others come."""
    tasks = []
    for number in range(count):
        tasks.append(asyncio.create_task(together.ask(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return tasks


async def test_who_comes_meanwhile_goes_along_with_the_next(doubling: Doubling) -> None:
    tasks = await asked(Together(doubling), 5)
    doubling.let.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]
    assert doubling.exchanges == [[0], [1, 2, 3, 4]]


async def test_a_hundred_at_the_most(doubling: Doubling) -> None:
    doubling.let.set()
    together = Together(doubling)
    found = await asyncio.gather(*(together.ask(n) for n in range(250)))
    assert found == [2 * n for n in range(250)]
    assert max(map(len, doubling.exchanges)) == 100


async def test_an_error_is_told_to_all_that_asked_together_and_to_nobody_else(doubling: Doubling) -> None:
    together = Together(doubling)
    tasks = await asked(together, 3)
    doubling.fault = LookupError("down")
    doubling.let.set()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, LookupError)
    doubling.fault = None
    assert await together.ask(7) == 14


async def test_who_goes_away_takes_nobody_along(doubling: Doubling) -> None:
    together = Together(doubling)
    tasks = await asked(together, 4)
    tasks[0].cancel()
    tasks[2].cancel()
    doubling.let.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[1], outcomes[3]] == [2, 6]
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert isinstance(outcomes[2], asyncio.CancelledError)
