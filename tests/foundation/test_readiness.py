from __future__ import annotations

import asyncio

from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.readiness import Probe, examine, missing


class TsaDown(Unavailable):
    code = "TSA_DOWN"


async def there() -> None:
    pass


async def down() -> None:
    raise TsaDown("The TSA does not answer.")


async def broken() -> None:
    raise ValueError("a secret")


async def never() -> None:
    await asyncio.Event().wait()


async def test_only_an_essential_part_makes_it_not_ready() -> None:
    found = await examine({"a": Probe(there), "b": Probe(down, essential=False), "c": missing("Set C.")})
    assert found.ready
    assert [(part.name, part.status, part.code, part.reason) for part in found.parts] == [
        ("a", "ok", None, None),
        ("b", "degraded", "TSA_DOWN", "The TSA does not answer."),
        ("c", "degraded", "NOT_CONFIGURED", "Set C."),
    ]
    assert not (await examine({"a": Probe(there), "b": Probe(down)})).ready


async def test_a_part_that_never_answers_ends_at_the_bound_and_holds_up_no_other() -> None:
    found = await examine({"a": Probe(never), "b": Probe(never), "c": Probe(there)}, bound_seconds=0.05)
    assert [part.code for part in found.parts] == ["NO_ANSWER_IN_TIME", "NO_ANSWER_IN_TIME", None]
    assert not found.ready


async def test_all_are_asked_at_once() -> None:
    met = asyncio.Barrier(2)  # each waits for the other: one after the other would never end

    async def meets() -> None:
        await met.wait()

    assert (await examine({"a": Probe(meets), "b": Probe(meets)})).ready


async def test_an_unforeseen_error_is_a_failed_part_without_its_words() -> None:
    (part,) = (await examine({"a": Probe(broken)})).parts
    assert part.status == "failed"
    assert "secret" not in str(part)
