from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.pages.fake_app import FakeServices, asking


@pytest.fixture
def stage(tmp_path: Path) -> FakeServices:
    return FakeServices(tmp_path)


@pytest.fixture
async def browser(stage: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(stage) as client:
        yield client
