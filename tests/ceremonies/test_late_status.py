"""A status from before the signature proves nothing of it: the signature is published at B-T, and the request
is completed when a newer status has come, and is good.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.adapters import built_in
from qsignhub.ceremonies.status_data import SignatureStatus
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.database import fetch_all
from qsignhub.revocation.errors import RevocationUnavailable
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signing.validation_data import ValidationData
from tests.ceremonies.judge import judged, verdicts
from tests.ceremonies.test_faults import PERSON, current, payload_of, run_cycle
from tests.support.making import make_request, make_scope


class PreparedAnswers:
    """Of an OCSP responder that signs ahead: an answer is given out until it is ``over``."""

    def __init__(self, service: TrustService, clock: SettableClock) -> None:
        self._real = service.revocation
        self._clock = clock
        self._kept: dict[bytes, OcspAnswer] = {}
        self.keeps = False
        self.down = False
        self.forgotten: set[bytes] = set()
        """What had ended, and was dropped from the issuer's register (RFC 5280 clause 3.3)."""

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        if self.down:
            raise RevocationUnavailable("The OCSP responder does not answer.")
        if certificate in self._kept:
            return self._kept[certificate]
        answer = await self._real.ocsp(certificate, issuer)
        if certificate in self.forgotten:
            return replace(answer, status=CertificateStatus.good(), reaches_back=False)
        if self.keeps:
            self._kept[certificate] = answer
        return answer

    def over(self) -> None:
        self.keeps = False
        self._kept.clear()

    async def crl(self, certificate: bytes, issuer: bytes, *, not_before: datetime | None = None) -> Crl:
        crl = await self._real.crl(certificate, issuer, not_before=not_before)
        if certificate in self.forgotten:
            return replace(crl, status=CertificateStatus.good(), reaches_back=False)
        return crl

    async def ping(self) -> None:
        await self._real.ping()


@dataclass(slots=True)
class World:
    services: Services
    clock: SettableClock
    answers: PreparedAnswers

    async def advance(self, request: SignatureRequest, until: Callable[[journal.Signing], bool]) -> None:
        """Steps, until the signing that is under way is as wanted."""
        while True:
            async with self.services.database.transaction() as tx:
                await self.services.job_handlers["ceremonies.sign"].run(tx, payload_of(request))
                if any(map(until, await journal.under_way(tx, request))):
                    return

    async def signed_with_an_older_answer(self, request: SignatureRequest) -> None:
        """The responder's answer is half a minute older than the timestamp."""
        await self.advance(request, lambda signing: signing.step == "signed")
        [signing] = [one for one in await self.signings(request) if one.step == "signed"]
        assert signing.certificate is not None
        assert signing.chain is not None
        self.answers.keeps = True
        await self.answers.ocsp(signing.certificate, signing.chain[0])
        self.answers.keeps = False
        self.clock.advance(timedelta(seconds=30))

    async def signings(self, request: SignatureRequest) -> list[journal.Signing]:
        async with self.services.database.transaction() as tx:
            rows = await fetch_all(
                tx, "SELECT * FROM signings WHERE request_id = %s ORDER BY begun_at, kind DESC", (request.id,)
            )
        return [journal._signing(row) for row in rows]

    async def revoke(self, request: SignatureRequest) -> None:
        [certificate] = [one.certificate for one in await self.signings(request) if one.certificate]
        async with self.services.database.transaction() as tx:
            await self.services.authority.revoke(tx, certificate, "key_compromise")

    async def content(self, request: SignatureRequest) -> bytes:
        async with self.services.database.transaction() as tx:
            revision = await self.services.signature_requests.latest_revision(tx, request)
        assert revision is not None
        return await self.services.blobs.read(revision.blob_key)

    async def told(self) -> list[str]:
        async with self.services.database.transaction() as tx:
            rows = await fetch_all(tx, "SELECT type FROM events ORDER BY created_at, id")
        return [row["type"] for row in rows]


@pytest.fixture
async def world(settings: Settings, conninfo: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The signers' certificates live for two years: nobody assures their validity."""
    monkeypatch.setitem(built_in._PROFILES, ("qes", False), "signer-qes")
    async with opened(settings, conninfo, SystemClock().now() - timedelta(days=2)) as world:
        yield world


@asynccontextmanager
async def opened(settings: Settings, conninfo: str, moment: datetime) -> AsyncIterator[World]:
    clock = SettableClock(moment)
    parts: list[PreparedAnswers] = []

    def prepared(service: TrustService) -> TrustService:
        parts.append(PreparedAnswers(service, clock))
        return replace(service, revocation=parts[0])

    overrides = Overrides(clock=clock, trust_service=prepared)
    async with open_services(settings, conninfo, overrides) as services:
        yield World(services, clock, parts[0])


async def agreed(world: World, *emails: str) -> SignatureRequest:
    services = world.services
    request = await make_request(services, await make_scope(services), emails)
    for signer in request.signers:
        async with services.database.transaction() as tx:
            await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
    await consent(world, request, 0)
    return await current(services, request)


async def consent(world: World, request: SignatureRequest, number: int) -> None:
    async with world.services.database.transaction() as tx:
        await world.services.ceremonies.consent(tx, request.signers[number].link_token)


async def waits_until(world: World, request: SignatureRequest) -> datetime:
    [seal] = [one for one in await world.signings(request) if one.kind == "seal"]
    assert seal.step == "authorised"
    assert seal.waits_until is not None
    return seal.waits_until


async def test_an_older_status_makes_it_b_t_and_a_newer_one_b_lta(world: World, tmp_path: Path) -> None:
    request = await agreed(world, PERSON)
    await world.signed_with_an_older_answer(request)
    await run_cycle(world.services, request)

    waiting = await current(world.services, request)
    assert (waiting.status, waiting.signers[0].status) == ("in_progress", "signed")
    assert [one.level for one in await world.signings(request)] == ["B-T", None]
    root = world.services.authority.root
    [verdict] = verdicts(tmp_path, await world.content(request), root)
    assert verdict["format"] == "PAdES-BASELINE-T"  # no validation data: nothing is claimed with them
    assert "signature_request.completed" not in await world.told()
    # as long again as has passed since the signature, but five seconds at least
    assert await waits_until(world, request) == world.clock.now() + timedelta(seconds=5)

    for _ in range(3):  # asked too early, nothing is done, and nothing is forgotten
        await run_cycle(world.services, request)
    world.clock.advance(timedelta(hours=3))
    await run_cycle(world.services, request)  # the same old answer
    assert (await current(world.services, request)).status == "in_progress"
    assert await waits_until(world, request) == world.clock.now() + timedelta(minutes=10)

    world.answers.over()
    world.clock.advance(timedelta(minutes=10))
    await run_cycle(world.services, request)
    assert (await current(world.services, request)).status == "completed"
    judged(tmp_path, await world.content(request), root, "PAdES-BASELINE-LTA")


async def test_the_seal_comes_back_by_a_job(world: World) -> None:
    request = await agreed(world, PERSON)
    await world.signed_with_an_older_answer(request)
    async with world.services.database.transaction() as tx:
        await tx.execute("DELETE FROM pgqueuer")
    await run_cycle(world.services, request)
    async with world.services.database.transaction() as tx:
        jobs = await fetch_all(
            tx,
            "SELECT execute_after - now() AS delay FROM pgqueuer WHERE entrypoint = 'ceremonies.sign'",
        )
    assert len(jobs) == 1
    assert timedelta(seconds=3) < jobs[0]["delay"] < timedelta(seconds=8)


async def test_others_sign_meanwhile_and_only_the_seal_waits(world: World, tmp_path: Path) -> None:
    request = await agreed(world, PERSON, PERSON)
    await world.signed_with_an_older_answer(request)
    await run_cycle(world.services, request)
    await consent(world, request, 1)
    await run_cycle(world.services, request)

    waiting = await current(world.services, request)
    assert (waiting.status, [one.status for one in waiting.signers]) == ("in_progress", ["signed", "signed"])
    assert [one.level for one in await world.signings(request)] == ["B-T", "B-LT", None]
    world.answers.over()
    world.clock.advance(timedelta(hours=1))
    await run_cycle(world.services, request)
    assert (await current(world.services, request)).status == "completed"
    judged(tmp_path, await world.content(request), world.services.authority.root, "PAdES-BASELINE-LTA", 2)


async def test_no_newer_status_to_be_had_delays_it_and_loses_nothing(world: World) -> None:
    request = await agreed(world, PERSON)
    await world.signed_with_an_older_answer(request)
    await run_cycle(world.services, request)
    world.clock.advance(timedelta(days=1))
    world.answers.down = True
    with pytest.raises(RevocationUnavailable):
        await run_cycle(world.services, request)
    assert (await current(world.services, request)).status == "in_progress"
    world.answers.down = False
    world.answers.over()
    await run_cycle(world.services, request)
    assert (await current(world.services, request)).status == "completed"


async def test_case_47_revoked_before_the_signature_as_is_known_later_is_never_completed(
    world: World,
) -> None:
    request = await agreed(world, PERSON)
    await world.signed_with_an_older_answer(request)
    await world.revoke(request)
    world.clock.advance(timedelta(seconds=10))
    await run_cycle(world.services, request)  # signed, by the answer from before the revocation: B-T
    assert (await current(world.services, request)).signers[0].status == "signed"
    world.answers.over()
    world.clock.advance(timedelta(hours=1))
    await run_cycle(world.services, request)

    ended = await current(world.services, request)
    signer = ended.signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "REVOKED_BEFORE_SIGNATURE")
    assert ended.status == "in_progress"
    assert "signature_request.completed" not in await world.told()
    await run_cycle(world.services, request)  # it stays so
    assert [one.kind for one in await world.signings(request)] == ["signature", "seal"]

    world.clock.advance(timedelta(days=31))  # and the request has its end
    async with world.services.database.transaction() as tx:
        jobs = await fetch_all(tx, "SELECT FROM pgqueuer WHERE entrypoint = 'signature_requests.expire'")
        await world.services.job_handlers["signature_requests.expire"].run(tx, payload_of(request))
    assert len(jobs) == 2  # of its making, and of the refusal
    assert (await current(world.services, request)).status == "expired"


async def test_revoked_after_the_signature_it_was_good_then(world: World, tmp_path: Path) -> None:
    request = await agreed(world, PERSON)
    await world.signed_with_an_older_answer(request)
    await run_cycle(world.services, request)
    world.clock.advance(timedelta(minutes=5))
    await world.revoke(request)
    world.answers.over()
    world.clock.advance(timedelta(hours=1))
    await run_cycle(world.services, request)
    done = await current(world.services, request)
    assert (done.status, done.signers[0].status) == ("completed", "signed")
    judged(tmp_path, await world.content(request), world.services.authority.root, "PAdES-BASELINE-LTA")


async def test_revoked_and_dropped_after_the_certificates_end_it_is_never_completed(
    settings: Settings, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good, says the issuer years later, of what it does not know any more."""
    monkeypatch.setitem(built_in._PROFILES, ("qes", False), "signer-qes")
    async with opened(settings, conninfo, SystemClock().now() - timedelta(days=900)) as world:
        request = await agreed(world, PERSON)
        await world.signed_with_an_older_answer(request)
        await world.revoke(request)
        await run_cycle(world.services, request)
        [signing] = [one for one in await world.signings(request) if one.kind == "signature"]
        assert (signing.step, signing.level) == ("published", "B-T")
        assert signing.certificate is not None
        world.answers.over()
        world.answers.forgotten.add(signing.certificate)
        world.clock.advance(timedelta(days=800))
        await run_cycle(world.services, request)

        ended = await current(world.services, request)
        assert ended.status == "in_progress"
        [signer] = ended.signers
        assert (signer.status, signer.failure_code) == ("failed", "CERTIFICATE_STATUS_LOST")
        async with world.services.database.transaction() as tx:
            assert await journal.under_way(tx, request) == []  # nobody is asked any more


def test_an_answer_from_the_future_is_no_newer_than_now() -> None:
    signed = datetime(2026, 1, 1, tzinfo=UTC)
    answer = Crl(b"", CertificateStatus.good(), signed + timedelta(seconds=50), signed, 1, True)
    early = SignatureStatus(
        ValidationData([], [], []), answer, signed, False, signed - timedelta(seconds=5), ()
    )
    assert not early.proves
    assert replace(early, asked_at=signed).proves
