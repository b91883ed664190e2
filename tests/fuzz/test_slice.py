"""The part of ``make fuzz`` that runs with the other tests: a fixed seed, and every operation reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qsignhub.api.openapi.operations import OPERATIONS
from tests.fuzz.run import fuzz
from tests.support.live import LiveService


@pytest.mark.fuzz
@pytest.mark.timeout(300)
def test_every_operation_holds_against_generated_requests(
    live_service: LiveService, record_property: Callable[[str, object], None]
) -> None:
    outcome = fuzz(live_service, "--seed", "20261124", "--max-examples", "8")
    assert outcome.returncode == 0, outcome.output
    for method, path in OPERATIONS:
        answers = outcome.answers[f"{method.upper()} {path}"]
        assert any(status.startswith("2") for status in answers), (
            f"{method} {path} never went through: {answers}"
        )
        assert any(status.startswith("4") for status in answers), (
            f"{method} {path} was never refused: {answers}"
        )
    record_property("cases", outcome.cases)
