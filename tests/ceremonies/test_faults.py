"""A part that is down delays a signature; it never weakens it, loses it, or makes two of it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import (
    LinkSpent,
    NotYourTurn,
    RequestClosed,
    TrustServiceNotAccepted,
    TrustServiceNotConfigured,
)
from qsignhub.ceremonies.trust import TrustService
from qsignhub.custody.adapters.software import SoftwareCustody
from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.database import fetch_all
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.revocation.errors import RevocationUnavailable
from qsignhub.revocation.model import Crl, OcspAnswer
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.timestamping.errors import TimestampUnavailable, WrongNonce
from qsignhub.timestamping.model import TimestampToken
from tests.support.making import make_document, make_request, make_scope

PERSON = "anna.kowalska@example.com"


class TimestampsDown:
    """Down until told otherwise; then the real one."""

    def __init__(self, service: TrustService) -> None:
        self._real = service.timestamps
        self.down = True

    @property
    def name(self) -> str:
        return self._real.name

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        if self.down:
            raise TimestampUnavailable("The timestamp authority does not answer.")
        return await self._real.timestamp(imprint, hash_algorithm)

    async def ping(self) -> None:
        await self._real.ping()


class OcspDown:
    def __init__(self, service: TrustService) -> None:
        self._real = service.revocation
        self.down = True

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        if self.down:
            raise RevocationUnavailable("The OCSP responder does not answer.")
        return await self._real.ocsp(certificate, issuer)

    async def crl(self, certificate: bytes, issuer: bytes, *, not_before: datetime | None = None) -> Crl:
        return await self._real.crl(certificate, issuer, not_before=not_before)

    async def ping(self) -> None:
        await self._real.ping()


async def consented(services: Services, number: str = "AZE123456") -> SignatureRequest:
    """A request whose one signer has identified and agreed; nothing is signed yet."""
    scope = await make_scope(services)
    request = await make_request(services, scope, [PERSON])
    token = request.signers[0].link_token
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, token, number)
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, token)
    return await current(services, request)


async def current(services: Services, request: SignatureRequest) -> SignatureRequest:
    async with services.database.transaction() as tx:
        return await services.signature_requests.get(tx, request.scope, request.id)


def payload_of(request: SignatureRequest) -> dict[str, str]:
    scope = request.scope
    return {"account_id": scope.account_id, "mode": scope.mode, "request_id": request.id}


async def run_cycle(services: Services, request: SignatureRequest) -> None:
    """All steps, each in its own transaction, as the job runner does it."""
    payload = payload_of(request)
    again: bool | None = True
    while again:
        async with services.database.transaction() as tx:
            again = await services.job_handlers["ceremonies.sign"].run(tx, payload)


async def signatures(services: Services, request: SignatureRequest) -> int:
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.latest_revision(tx, request)
    if revision is None:
        return 0
    content = await services.blobs.read(revision.blob_key)
    return len(PdfFileReader(io.BytesIO(content)).embedded_regular_signatures)


async def test_case_42_no_timestamp_no_signature_until_the_authority_is_back(
    settings: Settings, conninfo: str
) -> None:
    parts: list[TimestampsDown] = []

    def broken(service: TrustService) -> TrustService:
        parts.append(TimestampsDown(service))
        return replace(service, timestamps=parts[0])

    async with open_services(settings, conninfo, Overrides(trust_service=broken)) as services:
        request = await consented(services)
        with pytest.raises(TimestampUnavailable):
            await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "signing"
        assert await signatures(services, request) == 0

        parts[0].down = False
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1


async def test_case_43_no_ocsp_answer_no_published_signature(settings: Settings, conninfo: str) -> None:
    parts: list[OcspDown] = []

    def broken(service: TrustService) -> TrustService:
        parts.append(OcspDown(service))
        return replace(service, revocation=parts[0])

    async with open_services(settings, conninfo, Overrides(trust_service=broken)) as services:
        request = await consented(services)
        with pytest.raises(RevocationUnavailable):
            await run_cycle(services, request)
        assert await signatures(services, request) == 0
        parts[0].down = False
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_revoked_certificate_publishes_nothing(services: Services) -> None:
    request = await consented(services, "REVOKED001")
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "CERTIFICATE_REVOKED")
    assert await signatures(services, request) == 0


async def test_case_40_agreeing_twice_signs_once(services: Services) -> None:
    request = await consented(services)
    token = request.signers[0].link_token

    async def agree() -> None:
        async with services.database.transaction() as tx:
            await services.ceremonies.consent(tx, token)

    await asyncio.gather(*(agree() for _ in range(5)))
    await asyncio.gather(*(run_cycle(services, request) for _ in range(3)))
    assert await signatures(services, request) == 1
    async with services.database.transaction() as tx:
        assert len(await journal.key_uses(tx, request.scope, request.id)) == 1
    with pytest.raises(LinkSpent):
        await agree()


async def test_case_48_a_document_changed_after_consent_is_not_signed(services: Services) -> None:
    request = await consented(services)
    async with services.database.transaction() as tx:
        document = await services.documents.get(tx, request.scope, request.document_id)
    content = await services.blobs.read(document.blob_key)
    await services.blobs.put(document.blob_key, content + b"% a change\n%%EOF\n")
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "DOCUMENT_CHANGED")
    assert await signatures(services, request) == 0


async def test_case_51_a_signature_by_another_key_is_never_kept(settings: Settings, conninfo: str) -> None:
    class WrongKey(SoftwareCustody):
        async def _use(self, key_id: str, message: bytes) -> bytes:
            await self.create_key(f"{key_id}-other", ES256)
            return await super()._use(f"{key_id}-other", message)

    overrides = Overrides(custody=WrongKey)
    async with open_services(settings, conninfo, overrides) as services:
        request = await consented(services)
        await run_cycle(services, request)
        signer = (await current(services, request)).signers[0]
        assert (signer.status, signer.failure_code) == ("failed", "WRONG_SIGNATURE")
        assert await signatures(services, request) == 0
        async with services.database.transaction() as tx:
            [(key, use)] = await journal.key_uses(tx, request.scope, request.id)
        assert await services.trust.named("test", "sandbox").custody.operations(key) == [use]


async def test_a_consent_left_too_long_is_asked_for_again(settings: Settings, conninfo: str) -> None:
    clock = SettableClock(SystemClock().now())
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        request = await consented(services)
        clock.advance(timedelta(minutes=31))
        await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "verified"
        async with services.database.transaction() as tx:
            await services.ceremonies.consent(tx, request.signers[0].link_token)
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


@pytest.mark.parametrize("minutes", [16, 31])
async def test_an_outage_that_outlives_the_certificate_begins_again_with_another(
    settings: Settings, conninfo: str, minutes: int
) -> None:
    """Fifteen minutes is the certificate's time, half an hour the consent's."""
    parts: list[TimestampsDown] = []

    def breakable(service: TrustService) -> TrustService:
        parts.append(TimestampsDown(service))
        return replace(service, timestamps=parts[0])

    clock = SettableClock(SystemClock().now())
    async with open_services(settings, conninfo, Overrides(clock=clock, trust_service=breakable)) as services:
        request = await consented(services)
        with pytest.raises(TimestampUnavailable):
            await run_cycle(services, request)
        clock.advance(timedelta(minutes=minutes))
        parts[0].down = False
        await run_cycle(services, request)
        if minutes > 30:
            assert (await current(services, request)).signers[0].status == "verified"
            assert await signatures(services, request) == 0
            async with services.database.transaction() as tx:
                await services.ceremonies.consent(tx, request.signers[0].link_token)
            await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1
        async with services.database.transaction() as tx:
            uses = await journal.key_uses(tx, request.scope, request.id)
        assert len({key for key, _ in uses}) == 2  # the first signature is on record, and in no document
        custody = services.trust.named("test", "sandbox").custody
        assert [await custody.operations(key) for key, _ in uses] == [[use] for _, use in uses]


async def test_case_39_the_second_in_sequence_waits_for_the_first(services: Services) -> None:
    scope = await make_scope(services)
    request = await make_request(services, scope, [PERSON, PERSON], order="sequential")
    second = request.signers[1].link_token
    async with services.database.transaction() as tx:
        with pytest.raises(NotYourTurn):
            await services.ceremonies.verify_identity(tx, second, "AZE123456")


async def test_an_expired_request_takes_no_signature(settings: Settings, conninfo: str) -> None:
    clock = SettableClock(SystemClock().now())
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        scope = await make_scope(services)
        request = await make_request(services, scope, [PERSON])
        clock.advance(timedelta(days=31))
        async with services.database.transaction() as tx:
            with pytest.raises(RequestClosed):
                await services.ceremonies.verify_identity(tx, request.signers[0].link_token, "AZE123456")
        payload = payload_of(request)
        async with services.database.transaction() as tx:
            await services.job_handlers["signature_requests.expire"].run(tx, payload)
        assert (await current(services, request)).status == "expired"


async def test_what_everybody_has_signed_does_not_expire(settings: Settings, conninfo: str) -> None:
    parts: list[TimestampsDown] = []

    def breakable(service: TrustService) -> TrustService:
        parts.append(TimestampsDown(service))
        parts[0].down = False
        return replace(service, timestamps=parts[0])

    clock = SettableClock(SystemClock().now())
    overrides = Overrides(clock=clock, trust_service=breakable)
    async with open_services(settings, conninfo, overrides) as services:
        request = await consented(services)
        while (await current(services, request)).status != "in_progress":
            async with services.database.transaction() as tx:
                await services.job_handlers["ceremonies.sign"].run(tx, payload_of(request))
        parts[0].down = True
        with pytest.raises(TimestampUnavailable):
            await run_cycle(services, request)
        clock.advance(timedelta(days=31))
        async with services.database.transaction() as tx:
            await services.job_handlers["signature_requests.expire"].run(tx, payload_of(request))
        parts[0].down = False
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_case_50_a_refused_token_makes_the_signature_wait(settings: Settings, conninfo: str) -> None:
    class WrongOnce(TimestampsDown):
        async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
            if self.down:
                self.down = False
                raise WrongNonce("The timestamp does not carry the nonce that was sent.")
            return await self._real.timestamp(imprint, hash_algorithm)

    def wrong(service: TrustService) -> TrustService:
        return replace(service, timestamps=WrongOnce(service))

    async with open_services(settings, conninfo, Overrides(trust_service=wrong)) as services:
        request = await consented(services)
        with pytest.raises(TrustServiceNotAccepted):
            await run_cycle(services, request)
        assert await signatures(services, request) == 0
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_refused_token_at_the_seal_makes_the_request_wait(settings: Settings, conninfo: str) -> None:
    class WrongAtTheSeal(TimestampsDown):
        calls = 0

        async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
            self.calls += 1
            if self.calls == 2:
                raise WrongNonce("The timestamp does not carry the nonce that was sent.")
            return await self._real.timestamp(imprint, hash_algorithm)

    def wrong(service: TrustService) -> TrustService:
        return replace(service, timestamps=WrongAtTheSeal(service))

    async with open_services(settings, conninfo, Overrides(trust_service=wrong)) as services:
        request = await consented(services)
        with pytest.raises(TrustServiceNotAccepted):
            await run_cycle(services, request)
        assert (await current(services, request)).status == "in_progress"
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_worker_that_starts_takes_up_what_was_left(services: Services) -> None:
    request = await consented(services)
    async with services.database.transaction() as tx:
        await tx.execute("DELETE FROM pgqueuer")  # as if its job had been held, and cleared away
    async with services.database.transaction() as tx:
        assert await services.ceremonies.resume(tx) == 1
        jobs = await fetch_all(tx, "SELECT payload FROM pgqueuer WHERE entrypoint = 'ceremonies.sign'")
    assert [json.loads(bytes(job["payload"])) for job in jobs] == [payload_of(request)]
    await run_cycle(services, request)
    async with services.database.transaction() as tx:
        assert await services.ceremonies.resume(tx) == 0


async def test_live_mode_never_falls_back_to_the_sandbox(services: Services) -> None:
    scope: Scope = await make_scope(services, mode="live")
    document = await make_document(services, scope)
    assert document.sha256 == hashlib.sha256(await services.blobs.read(document.blob_key)).hexdigest()
    with pytest.raises(TrustServiceNotConfigured):
        await make_request(services, scope, [PERSON])
