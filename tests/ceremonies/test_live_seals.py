"""Live simple signatures: with the credential that the operator names as the seal, or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.ceremonies.authorisation import Entered
from qsignhub.ceremonies.errors import TrustServiceNotConfigured
from qsignhub.custody.csc.errors import CredentialUnusable
from qsignhub.foundation.errors import Unavailable
from qsignhub.settings import Settings
from qsignhub.validation import TrustAnchor, validate_pdf
from tests.ceremonies.live_world import EMAIL, Qtsps, agree, chosen, live, requested, session_of
from tests.ceremonies.test_faults import current, run_cycle
from tests.ceremonies.test_seals import file_of, signings
from tests.sandbox_qtsp.box import Box
from tests.support.trust_file import Listed, write_trust_file

ORGANISATION = "Example Sp. z o.o."
NOTHING = Entered()


def seal_at(box: Box, **wanted: object) -> str:
    user = {"user_id": "platform", "name": ORGANISATION, "country": "PL", "auth_mode": "implicit"}
    return box.user(**user | {"seal": True, "qualified": False} | wanted)


def trust_file(folder: Path, qtsps: Qtsps, seal: str | None) -> Path:
    """Beta first, which has no seal."""
    return write_trust_file(folder, Listed("beta", qtsps.beta), Listed("alpha", qtsps.alpha, seal=seal))


async def test_without_a_seal_a_request_is_refused_when_it_is_made(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path
) -> None:
    async with live(settings, conninfo, trust_file(tmp_path / "t", qtsps, None)) as services:
        with pytest.raises(TrustServiceNotConfigured, match="made with a seal, which has to be configured"):
            await requested(services, signature_type="ses")
        await requested(services, signature_type="aes")


async def test_the_seal_signs_and_the_signers_own_credential_does_not(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path
) -> None:
    """Anna has a qualified credential at both services; neither is asked."""
    seal = seal_at(qtsps.alpha)
    async with live(settings, conninfo, trust_file(tmp_path / "t", qtsps, seal)) as services:
        request = await requested(services, email=EMAIL, signature_type="ses")
        offer = await services.ceremonies.offer(await session_of(services, request))
        assert (offer.service, offer.demand.nothing) == ("alpha", True)
        await agree(services, request, NOTHING)
        await run_cycle(services, request)
        done = await current(services, request)
        assert done.status == "completed"
        assert await chosen(services, request) == ["alpha", "alpha"]
        [signing] = await signings(services, request)
        assert signing.key_id == f"alpha:{seal}"
        [signer] = done.signers
        assert signer.certificate is not None
        assert signer.certificate.qualified is False
        content = await file_of(services, await current(services, request))
        [made] = PdfFileReader(io.BytesIO(content)).embedded_regular_signatures
        subject = x509.load_der_x509_certificate(made.signer_cert.dump()).subject
        [name] = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert name.value == ORGANISATION
        custody = services.trust.named("live", "alpha").custody
        assert len(await custody.operations(f"alpha:{seal}")) == 1
        anchors = [TrustAnchor(one, "operator") for one in services.trust.named("live", "alpha").anchors]
        report = await validate_pdf(io.BytesIO(content), anchors=anchors, now=services.clock.now())
        assert report.valid, report.reasons
        assert report.signatures[0].signature_level == "SES"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"auth_mode": "explicit", "pin": "1234"}, "asks for a PIN"),
        ({"auth_mode": "oauth2code"}, "asks for a PIN, a one-time password or a confirmation"),
        ({"seal": False, "name": "Anna Kowalska"}, "not an organisation's"),
    ],
)
async def test_a_credential_that_is_a_persons_or_asks_one_is_no_seal(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path, wanted: dict[str, object], told: str
) -> None:
    seal = seal_at(qtsps.alpha, **wanted)
    async with live(settings, conninfo, trust_file(tmp_path / "t", qtsps, seal)) as services:
        request = await requested(services, signature_type="ses")
        with pytest.raises(CredentialUnusable, match=told):
            await agree(services, request, NOTHING)
        assert (await current(services, request)).signers[0].status == "pending_signature"


async def test_a_seal_whose_service_is_down_is_waited_for(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path
) -> None:
    seal = seal_at(qtsps.alpha)
    async with live(settings, conninfo, trust_file(tmp_path / "t", qtsps, seal)) as services:
        request = await requested(services, signature_type="ses")
        await agree(services, request, NOTHING)
        qtsps.alpha.fail("csc", "down")
        with pytest.raises(Unavailable):
            await run_cycle(services, request)
        assert (await current(services, request)).signers[0].status == "signing"
        qtsps.alpha.http.delete(f"{qtsps.alpha.url}/sandbox/failures")
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_a_seal_that_was_taken_out_of_the_file_is_waited_for(
    settings: Settings, conninfo: str, qtsps: Qtsps, tmp_path: Path
) -> None:
    seal = seal_at(qtsps.alpha)
    path = trust_file(tmp_path / "t", qtsps, seal)
    async with live(settings, conninfo, path) as services:
        request = await requested(services, signature_type="ses")
        await agree(services, request, NOTHING)
    async with live(settings, conninfo, trust_file(tmp_path / "without", qtsps, None)) as services:
        with pytest.raises(Unavailable, match="has no seal any more"):
            await run_cycle(services, request)
    async with live(settings, conninfo, path) as services:
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"


async def test_an_authority_of_the_operators_own_seals_in_the_operators_name(
    settings: Settings, conninfo: str, tmp_path: Path
) -> None:
    path = tmp_path / "trust.toml"
    path.write_text("""\
[[trust_service]]
name = "own-ca"
kind = "authority"
organization = "Example Sp. z o.o."
organization_identifier = "VATPL-1234567890"
country = "PL"
key_algorithm = "ES384"
signature_types = ["aes", "ses"]
""")
    async with live(settings, conninfo, path) as services:
        request = await requested(services, signature_type="ses")
        await agree(services, request, NOTHING)
        await run_cycle(services, request)
        assert (await current(services, request)).status == "completed"
        [signing] = await signings(services, request)
        assert (signing.key_id or "").startswith("seal-es384-")
        content = await file_of(services, await current(services, request))
        [made] = PdfFileReader(io.BytesIO(content)).embedded_regular_signatures
        assert made.signer_cert.subject.native["common_name"] == ORGANISATION
        assert made.signer_cert.public_key.curve == ("named", "secp384r1")
