"""The cycle in XAdES and CAdES: signed by two, judged by programs that are not ours, killed in between."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import ssl
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services
from qsignhub.ceremonies import journal
from qsignhub.documents.model import Document
from qsignhub.foundation.database import fetch_all, fetch_one
from qsignhub.signature_requests.events import signed_document_path
from qsignhub.signature_requests.model import SIGNED_FILE, SignatureFormat, SignatureRequest
from tests.ceremonies.test_crash import completed, worker
from tests.ceremonies.test_faults import current, run_cycle
from tests.pdfs import one_page_pdf
from tests.signing.cades_signing import entries, openssl_takes
from tests.signing.test_xades import xmlsec1_verifies
from tests.support.making import SUCCESS, make_file, make_request, make_scope

PERSON = "anna.kowalska@example.com"
XML = "<umowa><strona>Żółć</strona><kwota>100</kwota></umowa>".encode()
TEXT = b"any bytes at all\r\n" * 1000
DOCUMENTS = {"xades": (XML, "application/xml"), "cades": (TEXT, "text/plain")}
BOTH = pytest.mark.parametrize("form", ["xades", "cades"])


async def request_for(services: Services, form: SignatureFormat, *emails: str) -> SignatureRequest:
    scope = await make_scope(services)
    document = await make_file(services, scope, *DOCUMENTS[form])
    return await make_request(services, scope, emails, document=document)


async def agreed(services: Services, request: SignatureRequest, number: str = "AZE123456") -> None:
    """Every signer identifies and agrees; nothing is signed yet."""
    for signer in request.signers:
        async with services.database.transaction() as tx:
            await services.ceremonies.verify_identity(tx, signer.link_token, number)
        async with services.database.transaction() as tx:
            await services.ceremonies.consent(tx, signer.link_token)


async def signed_file(services: Services, request: SignatureRequest, folder: Path) -> Path:
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, request)
    path = folder / SIGNED_FILE[request.format, request.packaging][0]
    path.write_bytes(await services.blobs.read(revision.blob_key))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == revision.sha256
    for name, der in (
        ("root", services.authority.root),
        ("issuing", services.authority.chain_of("ca-qes")[0]),
    ):
        (folder / f"{name}.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
    return path


def judged(file: Path, signers: int) -> None:
    if file.suffix == ".asice":
        assert openssl_takes(file) == signers
        assert TEXT in entries(file).values()
    else:
        assert file.read_bytes().count(b"<ds:Signature ") == signers
        for number in range(1, signers + 1):
            ok, said = xmlsec1_verifies(file, number)
            assert ok, said


@BOTH
@pytest.mark.tools
@pytest.mark.xmlsec
async def test_two_sign_and_other_programs_take_both(
    services: Services, form: SignatureFormat, tmp_path: Path
):
    request = await request_for(services, form, PERSON, PERSON)
    assert (request.format, request.packaging) == (form, {"xades": "enveloped", "cades": "asic_e"}[form])
    await agreed(services, request)
    await run_cycle(services, request)
    done = await current(services, request)
    assert done.status == "completed"
    judged(await signed_file(services, done, tmp_path), 2)
    for signer in done.signers:
        assert signer.status == "signed"
        assert signer.certificate is not None
        assert signer.timestamp is not None
        assert signer.timestamp.hash.startswith("sha256:")


@BOTH
async def test_the_signed_document_has_its_name_and_type_wherever_it_is_told(
    services: Services, form: SignatureFormat
):
    request = await request_for(services, form, PERSON)
    assert request.packaging == {"xades": "enveloped", "cades": "attached"}[form]
    await agreed(services, request)
    await run_cycle(services, request)
    request = await current(services, request)
    name, media_type = SIGNED_FILE[request.format, request.packaging]

    async with services.database.transaction() as tx:
        key = await services.accounts.create_key(tx, request.scope)
        event = await fetch_one(tx, "SELECT data FROM events WHERE type = 'signature_request.completed'")
    assert event is not None
    told = event["data"]["signature_request"]["signed_document_url"]
    assert f"/docs/{request.id}/{name}?" in told

    @asynccontextmanager
    async def opened():
        yield services

    app = create_app(opened, docs_url="http://docs")
    app.state.services = services
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        shown = await client.get(told[told.index("/docs/") :])
        assert (shown.status_code, shown.headers["content-type"]) == (200, media_type)
        link = services.file_links.url(request.scope, signed_document_path(request))
        other = link.replace(name, "signed.pdf")
        assert (await client.get(other[other.index("/docs/") :])).status_code == 403
        misnamed = services.file_links.url(request.scope, f"/docs/{request.id}/signed.pdf")
        assert (await client.get(misnamed[misnamed.index("/docs/") :])).status_code == 404
        path = f"/v1/signature-requests/{request.id}/download"
        download = await client.get(path, headers={"X-API-Key": key})
    assert download.headers["content-type"] == media_type
    assert download.headers["content-disposition"].endswith(f'{request.id}-{name}"')
    assert download.content == shown.content


@BOTH
@pytest.mark.tools
@pytest.mark.xmlsec
@pytest.mark.parametrize(
    "point",
    ["after prepare", "inside sign", "after timestamp", "after embed", "after publish", "before complete"],
)
async def test_case_45_a_killed_worker_leaves_exactly_one_signature_per_signer(
    services: Services, form: SignatureFormat, point: str, tmp_path: Path
):
    request = await request_for(services, form, SUCCESS, SUCCESS)
    async with worker(services, point) as process:
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with worker(services):
        done = await completed(services, request)
    judged(await signed_file(services, done, tmp_path), 2)

    async with services.database.transaction() as tx:
        uses = await journal.key_uses(tx, done.scope, done.id)
    async with services.database.autocommit() as connection:
        rows = await fetch_all(connection, "SELECT name FROM register WHERE kind = 'custody.operation-begun'")
    assert sorted(uses) == sorted(tuple(row["name"].split("/")) for row in rows)
    assert len(uses) == (3 if point == "inside sign" else 2)


@BOTH
async def test_a_revoked_certificate_publishes_nothing(services: Services, form: SignatureFormat):
    request = await request_for(services, form, PERSON)
    await agreed(services, request, "REVOKED001")
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "CERTIFICATE_REVOKED")
    async with services.database.transaction() as tx:
        assert await services.signature_requests.latest_revision(tx, request) is None


@BOTH
@pytest.mark.parametrize("moment", ["before prepare", "before embed"])
async def test_case_48_a_document_changed_after_consent_is_not_signed(
    services: Services, form: SignatureFormat, moment: str
):
    request = await request_for(services, form, PERSON)
    await agreed(services, request)
    if moment == "before embed":
        await run_until(services, request, "timestamped")
    async with services.database.transaction() as tx:
        document = await services.documents.get(tx, request.scope, request.document_id)
    content = await services.blobs.read(document.blob_key)
    await services.blobs.put(document.blob_key, content.replace(b"a", b"b", 1))
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "DOCUMENT_CHANGED")


async def run_until(services: Services, request: SignatureRequest, step: str) -> None:
    scope = request.scope
    payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request.id}
    while True:
        async with services.database.transaction() as tx:
            await services.job_handlers["ceremonies.sign"].run(tx, payload)
            signing = next(iter(await journal.under_way(tx, request)), None)
        assert signing is not None
        if signing.step == step:
            return


async def test_xml_that_cannot_be_signed_fails_the_signer_and_says_why(services: Services):
    scope = await make_scope(services)
    document = await make_file(services, scope, b"<!DOCTYPE a><a/>", "application/xml")
    request = await make_request(services, scope, [PERSON], document=document)
    await agreed(services, request)
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "DOCUMENT_NOT_SIGNABLE")
    assert "DOCTYPE" in (signer.failure_message or "")


async def office_document(services: Services) -> tuple[Document, bytes]:
    """An office document with the PDF that it was converted to."""
    scope = await make_scope(services)
    document = await make_file(services, scope, b"PK office", "application/vnd.ms-word")
    pdf = one_page_pdf()
    await services.blobs.put(f"{document.blob_key}.pdf", pdf)
    async with services.database.transaction() as tx:
        await tx.execute(
            "ALTER TABLE documents ADD COLUMN IF NOT EXISTS pdf_key text,"
            " ADD COLUMN IF NOT EXISTS pdf_sha256 text"
        )
        await tx.execute(
            "UPDATE documents SET pdf_key = %s, pdf_sha256 = %s WHERE id = %s",
            (f"{document.blob_key}.pdf", hashlib.sha256(pdf).hexdigest(), document.id),
        )
        return await services.documents.get(tx, scope, document.id), pdf


async def test_pades_on_an_office_document_signs_the_pdf_made_of_it(services: Services, tmp_path: Path):
    document, pdf = await office_document(services)
    scope = await make_scope(services)
    request = await make_request(services, scope, [PERSON], document=document, signature_format="pades")
    await agreed(services, request)
    async with services.database.transaction() as tx:
        consent = await journal.find_consent(tx, scope, request.signers[0].id)
    assert consent is not None
    assert consent.document_sha256 == document.sha256
    assert consent.signable_sha256 == document.pdf_sha256
    await run_cycle(services, request)
    done = await current(services, request)
    assert done.status == "completed"
    assert (await signed_file(services, done, tmp_path)).read_bytes().startswith(pdf)


async def test_case_48_an_office_document_converted_anew_after_consent_is_not_signed(services: Services):
    document, pdf = await office_document(services)
    scope = await make_scope(services)
    request = await make_request(services, scope, [PERSON], document=document, signature_format="pades")
    await agreed(services, request)
    other = pdf + b"% another\n"
    await services.blobs.put(document.pdf_key or "", other)
    async with services.database.transaction() as tx:
        await tx.execute(
            "UPDATE documents SET pdf_sha256 = %s WHERE id = %s",
            (hashlib.sha256(other).hexdigest(), document.id),
        )
    await run_cycle(services, request)
    signer = (await current(services, request)).signers[0]
    assert (signer.status, signer.failure_code) == ("failed", "DOCUMENT_CHANGED")
