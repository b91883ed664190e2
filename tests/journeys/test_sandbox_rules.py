"""The sandbox as the contract tells it (section 10): magic addresses, four documents, and no way to live."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from qsignhub.bootstrap import Overrides, open_services
from qsignhub.identity.errors import IdentityNotConfigured
from qsignhub.settings import Settings
from qsignhub.signature_requests.errors import TestDocumentInLiveMode
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner
from tests.journeys.test_bad_input import error_of
from tests.support.customer import REQUESTS, Customer, customer, database_of, person
from tests.support.hook import Hook, listening
from tests.support.live import LiveService
from tests.support.making import FAIL, SUCCESS, TIMEOUT, make_request, make_scope

ACCOUNT = "sandbox rules"
TYPES = ("qes", "aes", "ses")
CREATED, COMPLETED = "signature_request.created", "signature_request.completed"
VERIFIED, REFUSED = "signer.verification_completed", "signer.verification_failed"
SIGNED = "signer.signed"
FOUND = {
    "AZE123456": ("verified", "national_id", "PL", 0.98),
    "FAIL000001": ("failed", "passport", "FR", 0.97),
    "REVOKED001": ("verified", "national_id", "DE", 0.97),
    "LOWSCORE01": ("failed", "national_id", "PL", 0.61),
}
"""What the check finds: its outcome, type and country of the document (FAIL000001 is of any), and score."""


@pytest.fixture(scope="module")
def hook(live_service: LiveService) -> Iterator[Hook]:
    with listening() as hook:
        live_service.command("webhooks", "add", "--url", hook.url, "--account", ACCOUNT)
        yield hook


@pytest.fixture(scope="module")
def owner(live_service: LiveService, hook: Hook) -> Customer:
    assert hook.url
    return customer(live_service, ACCOUNT)


@pytest.fixture(scope="module")
def by_address(owner: Customer) -> dict[tuple[str, str], dict[str, Any]]:
    """A request for each magic address and level; the ones that do nothing come first."""
    document = owner.upload()["id"]
    return {
        (address, level): owner.request(
            person(address, **phone_for(level)), signature_type=level, document_id=document
        )
        for address, level in product((TIMEOUT, FAIL, SUCCESS), TYPES)
    }


@pytest.fixture(scope="module")
def by_number(owner: Customer) -> dict[tuple[str, str], dict[str, Any]]:
    """A request for each test document and level; nobody opens a page."""
    document = owner.upload()["id"]
    return {
        (number, level): owner.request(
            person(
                identity_verification={"document_number": number, "country": "FR"},
                **phone_for(level),
            ),
            signature_type=level,
            document_id=document,
        )
        for number, level in product(FOUND, TYPES)
    }


def phone_for(level: str) -> dict[str, str]:
    return {"phone": "+48500123456"} if level == "aes" else {}


@pytest.mark.parametrize("level", TYPES)
def test_success_signs_by_itself(
    owner: Customer, hook: Hook, by_address: dict[tuple[str, str], dict[str, Any]], level: str
) -> None:
    request = by_address[SUCCESS, level]
    done = owner.wait_for(request["id"])
    assert done["signature_type"] == level
    assert done["signers"][0]["status"] == "signed"
    assert done["signers"][0]["certificate"]["qualified"] is False, "nothing of the sandbox is"
    told = hook.wait_for(request["id"], COMPLETED, SIGNED)
    found = owner.verification(request)
    if level == "ses":
        assert told == sorted([CREATED, SIGNED, COMPLETED]), "a simple signature checks nobody"
        assert (found["verification_status"], found["identity"]) == ("pending", None)
    else:
        assert hook.wait_for(request["id"], VERIFIED) == sorted([CREATED, VERIFIED, SIGNED, COMPLETED])
        assert (found["verification_status"], found["identity"]["match_score"]) == ("verified", 0.98)


@pytest.mark.parametrize("level", TYPES)
def test_fail_fails_its_identity_check(
    owner: Customer, hook: Hook, by_address: dict[tuple[str, str], dict[str, Any]], level: str
) -> None:
    request = by_address[FAIL, level]
    signer = owner.wait_for_signer(request["id"], "verification_failed")
    assert signer["failure"]["code"] == "IDENTITY_VERIFICATION_FAILED"
    assert owner.verification(request)["verification_status"] == "failed"
    assert owner.get(request["id"])["status"] == "pending"
    assert hook.wait_for(request["id"], REFUSED) == sorted([CREATED, REFUSED])
    answer = owner.client.get(f"{REQUESTS}/{request['id']}/download")
    error_of(answer, 409, "SIGNATURE_REQUEST_NOT_COMPLETED")


@pytest.mark.parametrize("level", TYPES)
def test_timeout_does_nothing(
    owner: Customer, hook: Hook, by_address: dict[tuple[str, str], dict[str, Any]], level: str
) -> None:
    """Those that were asked after it have long been done."""
    owner.wait_for(by_address[SUCCESS, level]["id"])
    request = by_address[TIMEOUT, level]
    hook.wait_for(request["id"], CREATED)
    now = owner.get(request["id"])
    assert (now["status"], now["signers"][0]["status"]) == ("pending", request["signers"][0]["status"])
    found = owner.verification(request)
    assert (found["verification_status"], found["identity"], found["verified_at"]) == ("pending", None, None)
    assert hook.of(request["id"]) == [CREATED]


def test_a_magic_address_is_one_in_any_case_of_its_letters(owner: Customer) -> None:
    owner.wait_for(owner.request(person(SUCCESS.title()))["id"])


@pytest.mark.parametrize(("number", "level"), [*product(FOUND, TYPES)])
def test_a_document_is_checked_as_the_contract_says(
    owner: Customer,
    hook: Hook,
    by_number: dict[tuple[str, str], dict[str, Any]],
    number: str,
    level: str,
) -> None:
    request = by_number[number, level]
    outcome, kind, country, score = FOUND[number]
    verified = outcome == "verified"
    signer = owner.wait_for_signer(request["id"], "verified" if verified else "verification_failed")
    found = owner.verification(request)
    assert found["signer_id"] == signer["id"]
    assert found["verification_status"] == outcome
    assert found["method_used"] == {"qes": "video_id", "aes": "sms_otp", "ses": "video_id"}[level]
    assert found["liveness_check"] is verified
    assert (found["verified_at"] is not None) is verified
    identity = found["identity"]
    assert identity["full_name"] == "ANNA KOWALSKA"
    assert (identity["document_type"], identity["document_country"]) == (kind, country)
    assert identity["match_score"] == score
    assert (identity["document_expiry"] < request["created_at"]) is (number == "FAIL000001")
    assert hook.wait_for(request["id"], VERIFIED if verified else REFUSED) == sorted(
        [CREATED, VERIFIED if verified else REFUSED]
    )
    if verified:
        assert "failure_reason" not in found
        assert "failure" not in signer
    else:
        reason = {"FAIL000001": "expired", "LOWSCORE01": "0.61"}[number]
        assert reason in found["failure_reason"]
        assert signer["failure"] == {
            "code": "IDENTITY_VERIFICATION_FAILED",
            "message": found["failure_reason"],
        }


@pytest.mark.parametrize("number", ["FAIL000001", "LOWSCORE01"])
def test_who_is_refused_does_not_sign_even_with_the_address_that_succeeds(
    owner: Customer, number: str
) -> None:
    request = owner.request(person(SUCCESS, identity_verification={"document_number": number}))
    owner.wait_for_signer(request["id"], "verification_failed")
    later = owner.request(person(SUCCESS))
    owner.wait_for(later["id"])
    assert owner.get(request["id"])["signers"][0]["status"] == "verification_failed"


@pytest.mark.parametrize("level", TYPES)
@pytest.mark.tools
def test_a_revoked_certificate_signs_nothing(
    live_service: LiveService, owner: Customer, hook: Hook, tmp_path: Path, level: str
) -> None:
    request = owner.request(
        person(SUCCESS, identity_verification={"document_number": "REVOKED001"}, **phone_for(level)),
        signature_type=level,
    )
    signer = owner.wait_for_signer(request["id"], "failed")
    assert signer["failure"]["code"] == "CERTIFICATE_REVOKED"
    assert "signed_at" not in signer
    assert owner.verification(request)["verification_status"] == "verified"
    assert hook.wait_for(request["id"], VERIFIED) == sorted([CREATED, VERIFIED])
    now = owner.get(request["id"])
    assert (now["status"], "signed_document_url" in now) == ("pending", False)
    answer = owner.client.get(f"{REQUESTS}/{request['id']}/download")
    error_of(answer, 409, "SIGNATURE_REQUEST_NOT_COMPLETED")
    certificate, revisions = on_record(live_service, request["id"])
    assert revisions == 0
    assert "signer.pem: revoked" in ask_openssl(live_service, certificate, tmp_path)


def on_record(service: LiveService, request_id: str) -> tuple[bytes, int]:
    """The signer's certificate, and how many signed revisions were published."""
    with psycopg.connect(database_of(service)) as connection:
        row = connection.execute(
            "SELECT (SELECT certificate FROM signings WHERE request_id = %(id)s AND signer_id IS NOT NULL),"
            " (SELECT count(*) FROM revisions WHERE request_id = %(id)s)",
            {"id": request_id},
        ).fetchone()
    assert row is not None
    return bytes(row[0]), int(row[1])


def ask_openssl(service: LiveService, certificate: bytes, folder: Path) -> str:
    (folder / "signer.pem").write_text(ssl.DER_cert_to_PEM_cert(certificate))
    parsed = x509.load_der_x509_certificate(certificate)
    access = parsed.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    [issuer] = [
        one.access_location.value
        for one in access
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    ]
    for name, url in (("root", f"{service.base_url}/pki/root.crt"), ("issuer", issuer)):
        der = httpx.get(url).content
        (folder / f"{name}.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
    said = subprocess.run(
        [
            *("openssl", "ocsp", "-issuer", folder / "issuer.pem", "-cert", folder / "signer.pem"),
            *("-url", f"{service.base_url}/pki/ocsp", "-CAfile", folder / "root.pem"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Response verify OK" in said.stderr, said.stderr
    return said.stdout


def test_an_unknown_document_number_is_refused_before_anything_is_stored(owner: Customer) -> None:
    signer = person(identity_verification={"document_number": "ABC999999"})
    before = len(owner.client.get(REQUESTS, params={"limit": 100}).json()["data"])
    error = error_of(owner.ask_for(person(), signer), 422, "UNKNOWN_TEST_DOCUMENT")
    assert error["field"] == "signers.1.identity_verification.document_number"
    error_of(owner.ask_for(person(), signer, dry_run=True), 422, "UNKNOWN_TEST_DOCUMENT")
    assert len(owner.client.get(REQUESTS, params={"limit": 100}).json()["data"]) == before
    request = owner.request(person(TIMEOUT))
    error = error_of(owner.add(request["id"], signer), 422, "UNKNOWN_TEST_DOCUMENT")
    assert error["field"] == "identity_verification.document_number"
    assert len(owner.get(request["id"])["signers"]) == 1


def test_a_live_key_reaches_neither_trust_service_nor_documents_of_the_sandbox(
    live_service: LiveService,
) -> None:
    live = customer(live_service, ACCOUNT, "live")
    document = live.upload()["id"]
    for signer in (person(SUCCESS), person(identity_verification={"document_number": "AZE123456"})):
        for dry_run in (False, True):
            answer = live.ask_for(signer, document_id=document, dry_run=dry_run)
            error_of(answer, 422, "TRUST_SERVICE_NOT_CONFIGURED")
    assert live.client.get(REQUESTS).json()["data"] == []


def test_what_a_test_key_signed_is_not_valid_to_a_live_key(
    live_service: LiveService, owner: Customer, by_address: dict[tuple[str, str], dict[str, Any]]
) -> None:
    request_id = by_address[SUCCESS, "qes"]["id"]
    owner.wait_for(request_id)
    signed = owner.client.get(f"{REQUESTS}/{request_id}/download").content
    specimen = httpx.get(f"{live_service.base_url}/sandbox/specimens/revoked.pdf", timeout=60).content
    live = customer(live_service, ACCOUNT, "live")
    for content, by_test_key in ((signed, ("good", True)), (specimen, ("revoked", False))):
        form = {"file": ("signed.pdf", content)}
        tested = owner.client.post("/v1/validate", files=form).json()
        (signature,) = tested["signatures"]
        assert (signature["ocsp_status"], tested["valid"]) == by_test_key
        assert signature["trusted_list"] == "SANDBOX"
        report = live.client.post("/v1/validate", files=form).json()
        assert report["valid"] is False
        (signature,) = report["signatures"]
        assert signature["document_integrity"] is True
        assert signature["certificate_valid"] is False
        assert signature["trusted_list"] not in {"SANDBOX", "EU_TRUSTED"}
        assert signature["signature_level"] != "QES"
        assert signature["indication"] != "TOTAL-PASSED"


async def test_live_signers_are_never_checked_by_the_sandbox(settings: Settings, conninfo: str) -> None:
    """As if a live trust service were there: its signers' identity is still nobody's to invent."""
    overrides = Overrides(live_trust=lambda sandbox: sandbox)
    async with open_services(settings, conninfo, overrides) as services:
        scope = await make_scope(services, mode="live")
        request = await make_request(services, scope, [SUCCESS, FAIL])
        for signer in request.signers:
            payload = {"account_id": scope.account_id, "mode": "live", "request_id": request.id}
            async with services.database.transaction() as tx:
                await services.job_handlers["ceremonies.play_signer"].run(
                    tx, payload | {"signer_id": signer.id}
                )
            with pytest.raises(IdentityNotConfigured) as refusal:
                async with services.database.transaction() as tx:
                    await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
            assert refusal.value.code == "IDENTITY_PROVIDER_NOT_CONFIGURED"
        async with services.database.transaction() as tx:
            now = await services.signature_requests.get(tx, scope, request.id)
            found = [await services.identities.of_signer(tx, scope, each.id) for each in now.signers]
        assert [signer.status for signer in now.signers] == ["pending_verification"] * 2
        assert found == [None, None]


@pytest.mark.parametrize("number", ["AZE123456", "ABC999999"])
async def test_a_document_number_with_a_live_key_is_refused_whichever_it_is(
    settings: Settings, conninfo: str, number: str
) -> None:
    overrides = Overrides(live_trust=lambda sandbox: sandbox)
    async with open_services(settings, conninfo, overrides) as services:
        scope = await make_scope(services, mode="live")
        request = await make_request(services, scope, [SUCCESS])
        signer = NewSigner("Anna Kowalska", SUCCESS, test_document=number)
        new = NewSignatureRequest(document_id=request.document_id, signers=(signer,))
        ceremonies, places = services.ceremonies, []
        for act in (
            lambda tx: ceremonies.open(tx, scope, new),
            lambda tx: ceremonies.plan(tx, scope, new),
            lambda tx: ceremonies.add_signer(tx, scope, request.id, signer),
        ):
            with pytest.raises(TestDocumentInLiveMode) as refusal:
                async with services.database.transaction() as tx:
                    await act(tx)
            places.append(refusal.value.field)
    field = "identity_verification.document_number"
    assert places == [f"signers.0.{field}", f"signers.0.{field}", field]
