"""The part of ``make fuzz`` that runs with the other tests: a fixed seed, every operation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fuzz.run import fuzz
from tests.support.live import LiveService


@pytest.mark.fuzz
@pytest.mark.timeout(200)
def test_every_operation_holds_against_generated_requests(
    live_service: LiveService, record_property: Callable[[str, object], None]
) -> None:
    outcome = fuzz(live_service, "--seed", "20261124", "--max-examples", "25")
    assert outcome.returncode == 0, outcome.output
    operations = len(live_service.client.get("/v1/openapi.json").json()["paths"])
    assert outcome.cases >= 50 * operations, outcome.output
    record_property("cases", outcome.cases)
