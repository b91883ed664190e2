"""A simple signature is the platform's seal over the document, with the click's evidence signed."""

from __future__ import annotations

import asyncio
import hashlib
import html
import io
import json
import re
import signal
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies import journal, signature
from qsignhub.ceremonies.clicks import statement_of
from qsignhub.ceremonies.workplace import format_of
from qsignhub.documents.model import DOCX_TYPE, XML_TYPE, Document
from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.database import fetch_all
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner, SignatureRequest, SignatureType
from qsignhub.signing.format import Format, Intent, Prepared
from qsignhub.validation import TrustAnchor, ValidationReport, validate_pdf
from tests.ceremonies.test_crash import completed, worker
from tests.ceremonies.test_faults import current, payload_of, run_cycle
from tests.support.making import SUCCESS, make_document, make_file, make_scope

AROUND_THE_KEY = (
    "before certify",
    "after certify",
    "after activate",
    "inside sign",
    "after sign",
    "after embed",
)
IP, BROWSER = "192.0.2.44", "Mozilla/5.0 (Żółć)"
ANNA = NewSigner("Anna Kowalska", "anna@company.example")
BRUNO = NewSigner("Bruno Żółć", "bruno@company.example")


async def requested(
    services: Services,
    *signers: NewSigner,
    document: Document | None = None,
    signature_type: SignatureType = "ses",
) -> SignatureRequest:
    scope = await make_scope(services)
    document = document or await make_document(services, scope)
    new = NewSignatureRequest(document.id, signers or (ANNA,), signature_type=signature_type)
    async with services.database.transaction() as tx:
        return await services.ceremonies.open(tx, scope, new)


async def clicked(services: Services, request: SignatureRequest) -> None:
    for signer in request.signers:
        async with services.database.transaction() as tx:
            await services.ceremonies.consent(tx, signer.link_token, ip_address=IP, user_agent=BROWSER)


async def sealed(services: Services, *signers: NewSigner) -> SignatureRequest:
    request = await requested(services, *signers)
    await clicked(services, request)
    await run_cycle(services, request)
    done = await current(services, request)
    assert done.status == "completed"
    return done


async def file_of(services: Services, request: SignatureRequest) -> bytes:
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, request)
    return await services.blobs.read(revision.blob_key)


async def validated(services: Services, content: bytes) -> ValidationReport:
    anchor = TrustAnchor(services.authority.root, "sandbox")
    return await validate_pdf(io.BytesIO(content), anchors=[anchor], now=services.clock.now())


async def seals(services: Services) -> list[tuple[str, bytes]]:
    """(reference, certificate) of all that were issued."""
    async with services.database.autocommit() as connection:
        rows = await fetch_all(
            connection,
            "SELECT reference, certificate FROM issued_certificates WHERE profile = 'seal' "
            "ORDER BY issued_at, reference",
        )
    return [(row["reference"], bytes(row["certificate"])) for row in rows]


async def signings(services: Services, request: SignatureRequest) -> list[journal.RecordedSigning]:
    async with services.database.transaction() as tx:
        found = await journal.recorded_signings(tx, request)
    return [signing for signing in found if signing.signer_id is not None]


async def archived(services: Services, request: SignatureRequest) -> zipfile.ZipFile:
    async with services.database.transaction() as tx:
        dossier = await services.dossiers.gather(tx, request)
        pieces = [piece async for piece in await services.dossiers.archive(dossier)]
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def reasons(content: bytes) -> list[str]:
    reader = PdfFileReader(io.BytesIO(content))
    return [str(one.sig_object["/Reason"]) for one in reader.embedded_regular_signatures]


async def test_all_simple_signatures_are_made_with_one_seal_and_name_the_organisation(
    services: Services,
) -> None:
    first, second = await sealed(services, ANNA, BRUNO), await sealed(services)
    [(reference, certificate)] = await seals(services)
    made = [*await signings(services, first), *await signings(services, second)]
    assert [(one.key_id, one.certificate) for one in made] == [(reference, certificate)] * 3
    loaded = x509.load_der_x509_certificate(certificate)
    [name] = loaded.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "SANDBOX QSignHub Sandbox"
    serial = f"{loaded.serial_number:X}"
    for signer in (*first.signers, *second.signers):
        assert signer.certificate is not None
        assert signer.certificate.serial.replace(":", "").lstrip("0") == serial
        assert signer.certificate.qualified is False


async def test_every_use_of_the_seal_is_under_an_authorisation_for_one_digest_and_on_record(
    services: Services,
) -> None:
    request = await sealed(services, ANNA, BRUNO)
    async with services.database.transaction() as tx:
        uses = await journal.key_uses(tx, request.scope, request.id)
        rows = await fetch_all(
            tx,
            "SELECT a.digest, s.digest AS of_signing FROM activations a "
            "JOIN signings s ON s.id = a.signing_id "
            "WHERE s.request_id = %s",
            (request.id,),
        )
    [(reference, _)] = await seals(services)
    custody = services.trust.named("test", "sandbox").custody
    assert sorted(uses) == sorted((reference, one) for one in await custody.operations(reference))
    assert len(uses) == 2
    assert len({bytes(row["digest"]) for row in rows}) == 2
    assert all(row["digest"] == row["of_signing"] for row in rows)


async def test_validation_calls_a_seal_a_simple_signature_by_its_certificate(services: Services) -> None:
    report = await validated(services, await file_of(services, await sealed(services)))
    assert report.valid, report.reasons
    [found] = report.signatures
    assert (found.signature_level, found.trusted_list) == ("SES", "SANDBOX")
    assert found.signer_name == "SANDBOX QSignHub Sandbox"
    assert found.format == "PAdES-B-LTA"


async def test_the_archive_carries_the_record_of_each_click(services: Services) -> None:
    request = await sealed(services, ANNA, BRUNO)
    packed = await archived(services, request)
    names = [name for name in packed.namelist() if name.startswith("clicks/")]
    assert names == ["clicks/01-anna-kowalska.json", "clicks/02-bruno-zolc.json"]
    for signer, name in zip(request.signers, names, strict=True):
        record = packed.read(name)
        said = json.loads(record)
        async with services.database.transaction() as tx:
            consent = await journal.find_consent(tx, request.scope, signer.id)
            document = await services.documents.record(tx, request.scope, request.document_id)
        assert consent is not None
        salt = said.pop("salt")
        assert len(bytes.fromhex(salt)) == 16
        assert said == {
            "signature_request_id": request.id,
            "signer_id": signer.id,
            "name": signer.name,
            "email": signer.email,
            "clicked_at": said["clicked_at"],
            "ip_address": IP,
            "user_agent": BROWSER,
            "document_sha256": document.sha256,
            "reason": None,
        }
        assert said["clicked_at"].startswith(f"{consent.given_at:%Y-%m-%dT%H:%M:%S}")
        digest = hashlib.sha256(record).hexdigest()
        history = html.unescape(re.sub(r"<[^>]+>", "", packed.read("history.html").decode()))
        assert digest in history
        assert record.decode() in history
    assert "sha256sum clicks/01-anna-kowalska.json" in packed.read("README.txt").decode()


class Seen:
    """A format that remembers what it was asked to prepare."""

    def __init__(self, real: Format, intents: list[Intent]) -> None:
        self._real = real
        self._intents = intents

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def prepare(self, document: Path, latest: Path | None, target: Path, intent: Intent) -> Prepared:
        self._intents.append(intent)
        return self._real.prepare(document, latest, target, intent)


@pytest.fixture
def intents(monkeypatch: pytest.MonkeyPatch) -> list[Intent]:
    """Of all signatures that the cycle prepares from now on."""
    seen: list[Intent] = []
    monkeypatch.setattr(signature, "format_of", lambda request: Seen(format_of(request), seen))
    return seen


@pytest.mark.parametrize(("content", "mime_type"), [(b"<a/>", XML_TYPE), (b"PK", DOCX_TYPE)])
async def test_every_format_is_given_the_statement_of_the_click(
    services: Services, intents: list[Intent], content: bytes, mime_type: str
) -> None:
    document = await make_file(services, await make_scope(services), content, mime_type)
    request = await requested(services, ANNA, BRUNO, document=document)
    await clicked(services, request)
    await run_cycle(services, request)
    assert (await current(services, request)).status == "completed"
    stated = []
    for signer in request.signers:
        async with services.database.transaction() as tx:
            consent = await journal.find_consent(tx, request.scope, signer.id)
        assert consent is not None
        stated.append(statement_of(consent))
    assert sorted(intent.statement or "" for intent in intents) == sorted(stated)


async def test_a_signature_of_another_level_states_nothing_and_is_no_seal(
    services: Services, intents: list[Intent]
) -> None:
    person = NewSigner("Anna Kowalska", SUCCESS, phone="+48500123456")
    request = await requested(services, person, signature_type="aes")
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, request.signers[0].link_token, "AZE123456")
    await clicked(services, request)
    await run_cycle(services, request)
    assert (await current(services, request)).status == "completed"
    assert [intent.statement for intent in intents] == [None]
    assert await seals(services) == []
    packed = await archived(services, await current(services, request))
    assert not [name for name in packed.namelist() if name.startswith("clicks/")]


async def test_the_signature_states_who_clicked_when_on_what_and_the_record(services: Services) -> None:
    request = await sealed(services, ANNA, BRUNO)
    content, packed = await file_of(services, request), await archived(services, request)
    records = [packed.read(name) for name in packed.namelist() if name.startswith("clicks/")]
    stated = reasons(content)
    assert len(stated) == 2
    for record in records:
        said = json.loads(record)
        [line] = [one for one in stated if hashlib.sha256(record).hexdigest() in one]
        for part in (said["name"], said["email"], said["clicked_at"], said["document_sha256"]):
            assert part in line
        assert "\n" not in line
    assert IP.encode() not in content
    assert not any(IP in line for line in stated)


async def test_two_workers_at_once_make_one_seal(settings: Settings, conninfo: str) -> None:
    async with open_services(settings, conninfo) as one, open_services(settings, conninfo) as other:
        first, second = await requested(one), await requested(other)
        await clicked(one, first)
        await clicked(other, second)
        await asyncio.gather(run_cycle(one, first), run_cycle(other, second))
        assert [(await current(one, request)).status for request in (first, second)] == ["completed"] * 2
        [(reference, _)] = await seals(one)
        assert {s.key_id for r in (first, second) for s in await signings(one, r)} == {reference}


async def test_a_seal_is_replaced_in_the_last_month_and_its_key_destroyed_when_it_is_over(
    settings: Settings, conninfo: str
) -> None:
    clock = SettableClock(SystemClock().now())
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        await sealed(services)
        clock.advance(timedelta(days=690))
        await sealed(services)
        assert len(await seals(services)) == 1
        clock.advance(timedelta(days=20))
        done = await sealed(services)
        [(old, _), (new, certificate)] = await seals(services)
        assert [s.certificate for s in await signings(services, done)] == [certificate]
        async with services.database.autocommit() as connection:
            kept = await fetch_all(connection, "SELECT name FROM vault WHERE kind = 'custody.signing-key'")
        assert {row["name"] for row in kept} == {old, new}  # somebody may be signing with the old one

        clock.advance(timedelta(days=715))
        await sealed(services)
        async with services.database.autocommit() as connection:
            kept = await fetch_all(connection, "SELECT name FROM vault WHERE kind = 'custody.signing-key'")
        [*_, (latest, _)] = await seals(services)
        assert {row["name"] for row in kept} == {new, latest}


async def test_a_seal_that_ends_under_a_signature_is_replaced_and_one_signature_made(
    settings: Settings, conninfo: str
) -> None:
    clock = SettableClock(SystemClock().now())
    async with open_services(settings, conninfo, Overrides(clock=clock)) as services:
        request = await requested(services)
        await clicked(services, request)
        async with services.database.transaction() as tx:
            await services.job_handlers["ceremonies.sign"].run(tx, payload_of(request))
        [(old, certificate)] = await seals(services)
        ends = x509.load_der_x509_certificate(certificate).not_valid_after_utc
        async with services.database.autocommit() as connection:
            await connection.execute(
                "UPDATE consents SET given_at = %s", (ends + timedelta(seconds=1),)
            )  # or the signer would be asked again
        clock.advance(ends + timedelta(seconds=2) - clock.now())
        # the deadline has passed long ago: what matters is the key
        async with services.database.autocommit() as connection:
            await connection.execute(
                "UPDATE signature_requests SET expires_at = %s", (ends + timedelta(days=1),)
            )
        await run_cycle(services, request)
        [signing] = await signings(services, request)
        [_, (new, _)] = await seals(services)
        assert signing.key_id == new != old


async def test_a_revoked_seal_makes_no_more_signatures(services: Services) -> None:
    await sealed(services)
    [(_, certificate)] = await seals(services)
    async with services.database.transaction() as tx:
        await services.authority.revoke(tx, certificate, "key_compromise")
    done = await sealed(services)
    [_, (_, latest)] = await seals(services)
    assert [s.certificate for s in await signings(services, done)] == [latest]


async def test_a_click_from_before_there_were_records_is_asked_for_again(services: Services) -> None:
    request = await requested(services)
    await clicked(services, request)
    async with services.database.autocommit() as connection:
        await connection.execute("UPDATE consents SET click = NULL")
    await run_cycle(services, request)
    assert (await current(services, request)).signers[0].status == "pending_signature"
    await clicked(services, request)
    await run_cycle(services, request)
    assert (await current(services, request)).status == "completed"


@pytest.mark.parametrize("point", AROUND_THE_KEY)
async def test_a_killed_worker_leaves_exactly_one_seal_for_each_click(services: Services, point: str) -> None:
    request = await requested(services, ANNA, BRUNO)
    await clicked(services, request)
    async with worker(services, point) as process:
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with worker(services):
        done = await completed(services, request)
    content = await file_of(services, done)
    assert len(PdfFileReader(io.BytesIO(content)).embedded_regular_signatures) == 2
    [(reference, _)] = await seals(services)
    async with services.database.transaction() as tx:
        uses = await journal.key_uses(tx, done.scope, done.id)
    custody = services.trust.named("test", "sandbox").custody
    assert sorted(uses) == sorted((reference, one) for one in await custody.operations(reference))
    assert len(uses) == (3 if point == "inside sign" else 2)
    assert (await validated(services, content)).valid
