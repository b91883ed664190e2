from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_qtsp.box import Box, running


@pytest.fixture(scope="session")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with running(tmp_path_factory.mktemp("qtsp")) as box:
        yield box


@pytest.fixture
def box(shared_box: Box) -> Iterator[Box]:
    """One QTSP for all tests; each begins without failures."""
    shared_box.qtsp.failures.clear()
    yield shared_box
    shared_box.qtsp.failures.clear()
