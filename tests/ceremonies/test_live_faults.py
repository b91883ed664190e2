"""Live trust services that are down, broken or lie: work waits, goes to no other, and is never weaker."""

from __future__ import annotations

import contextlib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from lxml import etree

from qsignhub.bootstrap import Services
from qsignhub.ceremonies.authorisation import Entered
from qsignhub.ceremonies.errors import (
    ConfirmationUnknown,
    SignerSecretMissing,
    TrustServiceGone,
    TrustServiceNotConfigured,
    TrustServiceUnavailable,
)
from qsignhub.custody.csc.errors import CredentialNotFound
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.scope import Scope
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import (
    SignatureRequest,
)
from tests.ceremonies.live_world import (
    Qtsps,
    agree,
    chosen,
    confirming,
    live,
    requested,
    session_of,
)
from tests.ceremonies.test_faults import current, run_cycle, signatures
from tests.support.trust_file import Listed, write_trust_file


async def test_a_live_signature_goes_its_way(settings: Settings, conninfo: str, trust: Path) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        assert request.signers[0].status == "pending_signature"  # the QTSP has checked who signs
        await agree(services, request)
        await run_cycle(services, request)
        done = await current(services, request)
        assert done.status == "completed"
        certificate = done.signers[0].certificate
        assert certificate is not None
        assert certificate.qualified is True
        assert await chosen(services, request) == ["alpha", "alpha"]


async def test_case_42_43_every_outside_part_down_makes_it_wait(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    """One after the other: custody before the key is used, all timestamp authorities, OCSP."""
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        for broken, kind in (
            ([("csc", "down")], "custody"),
            ([("tsa", "down")], "timestamps"),
            ([("ocsp", "down"), ("crl", "down")], "status"),
        ):
            for part, how in broken:
                for box in (qtsps.alpha, qtsps.beta):
                    box.fail(part, how)
            with pytest.raises(Unavailable):
                await run_cycle(services, request)
            assert (await current(services, request)).signers[0].status == "signing", kind
            assert await signatures(services, request) == 0
            for part, _ in broken:
                for box in (qtsps.alpha, qtsps.beta):
                    box.http.delete(f"{box.url}/sandbox/failures/{part}")
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1
        assert await chosen(services, request) == ["alpha", "alpha"]


@pytest.mark.parametrize(
    "kind", ["down", "garbage", "wrong_nonce", "wrong_imprint", "wrong_key", "wrong_time"]
)
async def test_case_50_a_bad_timestamp_is_passed_over_for_the_next_authority(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps, kind: str
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("tsa", kind)
        await run_cycle(services, request)
        done = await current(services, request)
        assert done.status == "completed"
        timestamp = done.signers[0].timestamp
        assert timestamp is not None
        assert "BETA" in timestamp.authority.upper()


async def test_a_service_that_is_down_is_left_out_and_comes_back(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        qtsps.alpha.fail("csc", "down")
        first = await requested(services)
        await agree(services, first)
        assert await chosen(services, first) == ["beta"]
        await run_cycle(services, first)
        assert (await current(services, first)).status == "completed"

        qtsps.beta.fail("csc", "down")
        second = await requested(services)
        with pytest.raises(TrustServiceUnavailable):
            await agree(services, second)
        assert (await current(services, second)).signers[0].status == "pending_signature"
        assert await chosen(services, second) == []


async def test_what_was_begun_with_one_service_goes_to_no_other(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("csc", "down")
        for _ in range(3):
            with pytest.raises(Unavailable):
                await run_cycle(services, request)
        assert await chosen(services, request) == ["alpha"]
        assert (await current(services, request)).signers[0].status == "signing"


async def test_a_service_taken_out_of_the_file_is_waited_for(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps, tmp_path: Path
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
    without = write_trust_file(tmp_path / "without", Listed("beta", qtsps.beta))
    async with live(settings, conninfo, without) as services:
        with pytest.raises(TrustServiceGone):
            await run_cycle(services, request)
    async with live(settings, conninfo, trust) as services:
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_wrong_pin_asks_the_signer_again(settings: Settings, conninfo: str, trust: Path) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        with pytest.raises(SignerSecretMissing):
            await agree(services, request, Entered())
        await agree(services, request, Entered(pin="9999"))
        await run_cycle(services, request)
        again = await current(services, request)
        assert again.signers[0].status == "pending_signature"
        assert await signatures(services, request) == 0
        async with services.database.transaction() as tx:
            session = await services.ceremonies.session(tx, request.signers[0].link_token)
        assert session.refusal == "SIGNER_AUTHORISATION_REFUSED"
        await agree(services, request)
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1


@pytest.mark.parametrize("kind", ["slow", "garbage", "error"])
async def test_a_service_that_is_slow_or_broken_is_waited_for(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps, kind: str
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("csc", kind, seconds=4)
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "signing"
        qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1


async def test_a_service_that_flaps_signs_once_in_the_end(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    """Down for every other request; the signer is asked again where the key may have been used."""
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("csc", "flapping")
        for round_ in range(12):
            if round_ == 6:
                qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
            with contextlib.suppress(Unavailable):
                await run_cycle(services, request)
            now = await current(services, request)
            assert now.signers[0].status != "failed"
            if now.status == "completed":
                break
            if now.signers[0].status == "pending_signature":
                with contextlib.suppress(Unavailable):
                    await agree(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1


async def test_case_44_a_service_lost_in_the_act_asks_the_signer_again_and_signs_once(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    """Between the authorisation and the signature: whether the key was used cannot be known."""
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("csc.signHash", "down", times=1)
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "pending_signature"
        await agree(services, request)
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        assert await signatures(services, request) == 1


async def test_case_51_a_signature_by_another_key_is_never_kept(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("csc.signHash", "wrong_key")
        await run_cycle(services, request)
        failed = await current(services, request)
        assert (failed.signers[0].status, failed.signers[0].failure_code) == ("failed", "CSC_WRONG_SIGNATURE")
        assert await signatures(services, request) == 0


async def test_case_47_a_certificate_revoked_on_the_way_is_refused(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("ocsp", "revoked")
        await run_cycle(services, request)
        failed = await current(services, request)
        assert (failed.signers[0].status, failed.signers[0].failure_code) == ("failed", "CERTIFICATE_REVOKED")
        assert await signatures(services, request) == 0


@pytest.mark.parametrize("kind", ["wrong_nonce", "wrong_serial", "wrong_key", "unknown", "garbage"])
async def test_a_status_that_must_not_be_used_makes_it_wait(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps, kind: str
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        qtsps.alpha.fail("ocsp", kind)
        qtsps.alpha.fail("crl", "down")
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        assert await signatures(services, request) == 0
        qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_no_qualified_signature_without_a_qualified_certificate(
    settings: Settings, conninfo: str, trust: Path
) -> None:
    email = "unqualified@company.example"
    async with live(settings, conninfo, trust) as services:
        request = await requested(services, email=email)
        await agree(services, request)
        await run_cycle(services, request)
        failed = (await current(services, request)).signers[0]
        assert (failed.status, failed.failure_code) == ("failed", "CERTIFICATE_NOT_QUALIFIED")
        assert await services.trust.named("live", "alpha").custody.operations("alpha:") == []

        advanced = await requested(services, email=email, signature_type="aes")
        await agree(services, advanced)
        await run_cycle(services, advanced)
        done = (await current(services, advanced)).signers[0]
        assert done.status == "signed"
        assert done.certificate is not None
        assert done.certificate.qualified is False


@pytest.mark.parametrize("kind", ["down", "garbage", "wrong_key", "expired"])
async def test_a_qualified_signature_waits_for_the_trusted_lists(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps, kind: str
) -> None:
    qtsps.alpha.fail("tl", kind)
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        assert await signatures(services, request) == 0


async def test_a_withdrawn_service_makes_nothing_qualified(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    qtsps.alpha.fail("tl", "withdrawn")
    async with live(settings, conninfo, trust) as services:
        request = await requested(services)
        await agree(services, request)
        await run_cycle(services, request)
        failed = (await current(services, request)).signers[0]
        assert failed.failure_code == "CERTIFICATE_NOT_QUALIFIED"


async def test_nobody_the_service_does_not_know_can_sign(
    settings: Settings, conninfo: str, trust: Path
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await requested(services, email="nobody@company.example")
        with pytest.raises(CredentialNotFound):
            await agree(services, request)


async def test_no_route_no_request_and_never_the_sandbox(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path
) -> None:
    only = Listed("alpha", qtsps.alpha, ["PL"], ["qes"])
    async with live(settings, conninfo, write_trust_file(tmp_path / "only", only)) as services:
        for wanted in ({"country": "DE"}, {"signature_type": "aes"}):
            with pytest.raises(TrustServiceNotConfigured):
                await requested(services, **wanted)  # type: ignore[arg-type]
        await requested(services)
        scope = Scope("acc_other", "live")
        assert [one.name for one in services.trust.check(scope, "qes", ["PL"])] == ["alpha"]


@pytest.mark.parametrize("version", ["1.0.4", "2"])
async def test_both_versions_of_the_api(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path, version: str
) -> None:
    listed = Listed("alpha", qtsps.alpha, version=version)
    async with live(settings, conninfo, write_trust_file(tmp_path / "one", listed)) as services:
        request = await requested(services)
        await agree(services, request)
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def at_the_qtsp(services: Services, request: SignatureRequest, decision: str) -> dict[str, str]:
    """What the QTSP sends back with the signer, who does there what a browser would do."""
    async with services.database.transaction() as tx:
        wanted = await services.ceremonies.to_confirm(tx, request.signers[0].link_token)
    address = await services.ceremonies.confirmation_address(wanted)
    async with httpx.AsyncClient() as browser:
        page = await browser.get(address)
        assert page.status_code == 200, page.text
        [form] = etree.HTML(page.text).iter("form")
        fields = {field.get("name"): field.get("value") or "" for field in form.iter("input", "button")}
        fields |= {"pin": "1234", "decision": decision}
        target = str(page.url.join(form.get("action") or ""))
        back = await browser.post(target, data={k: v for k, v in fields.items() if k})
    assert back.status_code in {302, 303}, back.text
    parts = urlsplit(back.headers["location"])
    assert parts.path == "/confirmed"
    return dict(parse_qsl(parts.query))


async def come_back(services: Services, said: dict[str, str]) -> str:
    async with services.database.transaction() as tx:
        return await services.ceremonies.confirmed(tx, said.get("state", ""), said.get("code"))


async def test_a_signature_confirmed_on_the_services_own_page(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await confirming(services, qtsps.alpha)
        await run_cycle(services, request)  # nothing happens without the signer
        waiting = await session_of(services, request)
        assert waiting.awaited is True
        said = await at_the_qtsp(services, request, "confirm")
        with pytest.raises(ConfirmationUnknown):
            await come_back(services, said | {"state": f"{said['state']}x"})
        assert await come_back(services, said) == request.signers[0].link_token
        with pytest.raises(ConfirmationUnknown):
            await come_back(services, said)
        await run_cycle(services, request)
        done = await current(services, request)
        assert done.status == "completed"
        assert await signatures(services, request) == 1


async def test_who_does_not_confirm_is_asked_again(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await confirming(services, qtsps.alpha)
        await come_back(services, await at_the_qtsp(services, request, "deny"))
        session = await session_of(services, request)
        assert session.signer.status == "pending_signature"
        assert session.refusal == "SIGNER_AUTHORISATION_REFUSED"
        assert await signatures(services, request) == 0
        await agree(services, request, Entered())
        await run_cycle(services, request)
        await come_back(services, await at_the_qtsp(services, request, "confirm"))
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_who_never_comes_back_holds_nobody_up_for_long(
    settings: Settings, conninfo: str, trust: Path, qtsps: Qtsps
) -> None:
    async with live(settings, conninfo, trust) as services:
        request = await confirming(services, qtsps.alpha)
        async with services.database.transaction() as tx:
            await tx.execute(
                "UPDATE signings SET awaiting_since = awaiting_since - interval '11 minutes' "
                "WHERE request_id = %s",
                (request.id,),
            )
        await run_cycle(services, request)
        session = await session_of(services, request)
        assert (session.signer.status, session.refusal) == ("pending_signature", "CONSENT_LAPSED")
