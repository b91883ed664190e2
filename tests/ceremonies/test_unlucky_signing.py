"""Cases 41, 44, 46 and 47 through the whole cycle: both valid, resumed, or refused; never weaker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.trust import TrustService
from qsignhub.custody.adapters.software import SoftwareCustody
from qsignhub.custody.csc.errors import CredentialUnusable
from qsignhub.custody.errors import CustodyUnavailable
from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.errors import Unavailable
from qsignhub.settings import Settings
from tests.ceremonies.judge import judged
from tests.ceremonies.live_world import agree, requested
from tests.ceremonies.test_faults import (
    PERSON,
    TimestampsDown,
    consented,
    current,
    run_cycle,
    signatures,
)
from tests.ceremonies.test_formats import agreed
from tests.support.making import make_request, make_scope


async def test_case_41_two_at_once_are_two_revisions_and_both_valid(
    services: Services, tmp_path: Path
) -> None:
    request = await make_request(services, await make_scope(services), [PERSON, PERSON])
    await agreed(services, request)
    await asyncio.gather(*(run_cycle(services, request) for _ in range(4)))
    request = await current(services, request)
    assert request.status == "completed"
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, request)
        uses = await journal.key_uses(tx, request.scope, request.id)
    assert revision.number == 3
    assert len(uses) == 2
    content = await services.blobs.read(revision.blob_key)
    judged(tmp_path, content, services.authority.root, "PAdES-BASELINE-LTA", 2)


@pytest.mark.parametrize("used", [False, True])
async def test_case_44_keys_lost_in_the_act_are_taken_up_again_and_sign_once(
    settings: Settings, conninfo: str, used: bool
) -> None:
    """Whether the key was used, nobody can tell: the authorisation counts as burnt, both are on record."""

    class LostOnce(SoftwareCustody):
        lost = False

        async def _use(self, key_id: str, message: bytes) -> bytes:
            if self.lost:
                return await super()._use(key_id, message)
            self.lost = True
            if used:
                await super()._use(key_id, message)
            raise CustodyUnavailable("The HSM is gone.")

    async with open_services(settings, conninfo, Overrides(custody=LostOnce)) as services:
        request = await consented(services)
        with pytest.raises(CustodyUnavailable):
            await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "signing"
        assert await signatures(services, request) == 0
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1
        async with services.database.transaction() as tx:
            uses = await journal.key_uses(tx, request.scope, request.id)
        assert len({key for key, _ in uses}) == 1
        assert len({use for _, use in uses}) == 2


async def test_case_46_with_a_clock_an_hour_ahead_nothing_is_signed(
    settings: Settings, conninfo: str, trust: Path
) -> None:
    """Ours against that of every timestamp authority: no token is taken, whoever of them is wrong."""
    settings = settings.model_copy(update={"trust_file": trust})
    clock = SettableClock(SystemClock().now() + timedelta(hours=1))
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        request = await requested(services)
        await agree(services, request)
        with pytest.raises(Unavailable) as refused:
            await run_cycle(services, request)
        assert "time" in refused.value.message.lower()
        waiting = await current(services, request)
        assert waiting.signers[0].status == "signing"
        assert waiting.signers[0].timestamp is None
        assert await signatures(services, request) == 0


async def test_case_46_with_a_clock_an_hour_behind_nothing_is_begun(
    settings: Settings, conninfo: str, trust: Path
) -> None:
    """The signer's certificate is one from the future."""
    settings = settings.model_copy(update={"trust_file": trust})
    clock = SettableClock(SystemClock().now() - timedelta(hours=1))
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        request = await requested(services)
        with pytest.raises(CredentialUnusable):
            await agree(services, request)
        assert (await current(services, request)).signers[0].status == "pending_signature"


class Lasting:
    """A certificate that is the signer's own: there is no other when it has run out."""

    renewable = False

    def __init__(self, service: TrustService) -> None:
        self._real = service.certificates

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.mark.parametrize("step", ["before the key is used", "before the timestamp"])
async def test_case_47_a_certificate_that_runs_out_on_the_way_is_refused(
    settings: Settings, conninfo: str, step: str
) -> None:
    """Fifteen minutes is its time here; the consent still holds."""
    clock = SettableClock(SystemClock().now())
    stamps: list[TimestampsDown] = []

    def own(service: TrustService) -> TrustService:
        stamps.append(TimestampsDown(service))
        return replace(service, certificates=Lasting(service), timestamps=stamps[0])

    async with open_services(settings, conninfo, Overrides(clock=clock, trust_service=own)) as services:
        request = await consented(services)
        if step == "before the timestamp":
            with pytest.raises(Unavailable):
                await run_cycle(services, request)
        else:
            payload = {
                "account_id": request.scope.account_id,
                "mode": request.scope.mode,
                "request_id": request.id,
            }
            async with services.database.transaction() as tx:  # certify, prepare and activate, in one go
                await services.job_handlers["ceremonies.sign"].run(tx, payload)
        clock.advance(timedelta(minutes=16))
        stamps[0].down = False
        await run_cycle(services, request)
        signer = (await current(services, request)).signers[0]
        assert (signer.status, signer.failure_code) == ("failed", "CERTIFICATE_EXPIRED")
        assert await signatures(services, request) == 0
        async with services.database.transaction() as tx:
            uses = await journal.key_uses(tx, request.scope, request.id)
        assert len(uses) == (1 if step == "before the timestamp" else 0)
