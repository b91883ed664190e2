from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from qsignhub.authority.names import SANDBOX, AuthorityNames
from qsignhub.authority.service import Authority, open_authority
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Vault
from qsignhub.foundation.sealing import MasterKey
from tests.authority.stock import NOW

BASE = "https://sign.qsignhub.com"
Opening = Callable[..., Coroutine[Any, Any, Authority]]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def vault(database: Database) -> Vault:
    return Vault(database, MasterKey(bytes(32)))


@pytest.fixture
def opened(database: Database, vault: Vault, clock: SettableClock) -> Opening:
    """Opens an authority, as one more process would."""

    async def open_one(names: AuthorityNames = SANDBOX, base_url: str = BASE) -> Authority:
        return await open_authority(database, vault, base_url, clock, names)

    return open_one


@pytest.fixture
async def authority(opened: Opening) -> Authority:
    return await opened()
