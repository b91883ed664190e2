"""What a signer entered: sealed at rest, given out once, gone after ten minutes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from qsignhub.custody.signer_secrets import LIFETIME, SealedSignerSecrets, SignerCredentials
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.foundation.sealing import MasterKey

GIVEN = SignerCredentials(pin="90210734", otp="738496")
CONSENT = SignerCredentials(code="FhkXf9P269L8g", code_verifier="v" * 43, redirect_uri="https://us/back")


@dataclass
class Setup:
    database: Database
    clock: SettableClock
    secrets: SealedSignerSecrets


@pytest.fixture
def setup(database: Database) -> Setup:
    clock = SettableClock(datetime(2026, 3, 1, tzinfo=UTC))
    secrets = SealedSignerSecrets(Vault(database, MasterKey(bytes(32))), Register(database), clock)
    return Setup(database, clock, secrets)


async def in_vault(database: Database) -> list[bytes]:
    async with database.autocommit() as connection:
        rows = await (await connection.execute("SELECT sealed FROM vault")).fetchall()
    return [bytes(row["sealed"]) for row in rows]


@pytest.mark.parametrize("given", [GIVEN, CONSENT, SignerCredentials()])
async def test_taken_once(setup: Setup, given: SignerCredentials) -> None:
    await setup.secrets.keep("sgn_anna", given)
    assert await setup.secrets.waiting("sgn_anna") == given
    assert await setup.secrets.take("sgn_bert") is None
    assert await setup.secrets.take("sgn_anna") == given
    assert await setup.secrets.take("sgn_anna") is None
    assert await setup.secrets.waiting("sgn_anna") is None
    assert await in_vault(setup.database) == []


async def test_of_many_takers_one_gets_it(setup: Setup) -> None:
    await setup.secrets.keep("sgn_anna", GIVEN)
    taken = await asyncio.gather(*(setup.secrets.take("sgn_anna") for _ in range(8)))
    assert [one for one in taken if one] == [GIVEN]


async def test_gone_after_ten_minutes(setup: Setup) -> None:
    await setup.secrets.keep("sgn_anna", GIVEN)
    setup.clock.advance(LIFETIME - timedelta(seconds=1))
    assert await setup.secrets.waiting("sgn_anna") == GIVEN
    setup.clock.advance(timedelta(seconds=1))
    assert await setup.secrets.take("sgn_anna") is None
    assert await in_vault(setup.database) == []


async def test_what_is_entered_again_counts(setup: Setup) -> None:
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.secrets.keep("sgn_anna", CONSENT)
    assert await setup.secrets.take("sgn_anna") == CONSENT
    await setup.secrets.keep("sgn_anna", GIVEN)
    assert await setup.secrets.take("sgn_anna") == GIVEN


async def test_forgotten(setup: Setup) -> None:
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.secrets.forget("sgn_anna")
    assert await setup.secrets.take("sgn_anna") is None


async def test_sealed_and_silent(setup: Setup) -> None:
    await setup.secrets.keep("sgn_anna", GIVEN)
    (sealed,) = await in_vault(setup.database)
    for secret in ("90210734", "738496"):
        assert secret.encode() not in sealed
        assert secret not in repr(GIVEN)
    assert CONSENT.code
    assert CONSENT.code not in repr(CONSENT)
