"""Two QTSPs for the tests of a module, and the operator's file that names them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ceremonies.live_world import EMAIL, Qtsps
from tests.sandbox_qtsp.box import running as qtsp_running
from tests.support.trust_file import Listed, write_trust_file


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Qtsps]:
    folder = tmp_path_factory.mktemp("qtsps")
    with qtsp_running(folder / "a", "ALPHA") as alpha, qtsp_running(folder / "b", "BETA") as beta:
        for box in (alpha, beta):
            box.user(user_id=EMAIL, name="Anna Kowalska", country="PL", pin="1234")
            box.user(user_id="unqualified@company.example", name="Uma Un", pin="1234", qualified=False)
        yield Qtsps(alpha, beta)


@pytest.fixture
def qtsps(both: Qtsps) -> Iterator[Qtsps]:
    yield both
    for box in (both.alpha, both.beta):
        box.http.delete(f"{box.url}/sandbox/failures")


@pytest.fixture
def trust(qtsps: Qtsps, tmp_path: Path) -> Path:
    """Alpha first, then beta, for everybody."""
    return write_trust_file(tmp_path / "trust", Listed("alpha", qtsps.alpha), Listed("beta", qtsps.beta))
