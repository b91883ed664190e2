from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conftest import fresh_database
from tests.contract.tls import Shell, shell_beside
from tests.contract.world import World, opened_world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(template_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One for all tests of a file: its clock goes on, and never back."""
    with fresh_database(template_database) as conninfo:
        async with opened_world(tmp_path_factory.mktemp("world"), conninfo) as world:
            yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shell(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shell]:
    """Where the printed curl commands are run."""
    async with shell_beside(world.app, tmp_path_factory.mktemp("shell")) as shell:
        yield shell
