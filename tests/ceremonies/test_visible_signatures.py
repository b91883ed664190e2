"""A request that gives its signers fields ends in signatures that are seen, and all stay valid."""

from __future__ import annotations

import hashlib
import io
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.bootstrap import Services
from qsignhub.ceremonies.errors import DrawingUnusable
from qsignhub.documents.model import Document
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.database import fetch_all
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import Field, NewSignatureRequest, NewSigner, SignatureRequest
from qsignhub.validation import TrustAnchor, validate_pdf
from tests.ceremonies.test_faults import current, run_cycle
from tests.pdfs import pages_pdf
from tests.support.making import INSPECTION, make_scope

FIELD = Field(0, 1, 72, 100, 200, 80, "signature")
NAMES = ("Zażółć Gęślą-Jaźń", "Γεώργιος Παπαδόπουλος")


async def signed_by_all(
    services: Services,
    *fields: Field,
    media_box: bytes = b"[0 0 595 842]",
    summary_mark: bool = False,
    written: str | None = None,
    reason: str | None = None,
) -> bytes:
    scope = await make_scope(services)
    document = await two_pages(services, scope, media_box)
    signers = tuple(
        NewSigner(name, f"signer{n}@example.com", "+48500123456", reason=reason)
        for n, name in enumerate(NAMES)
    )
    new = NewSignatureRequest(
        document.id, signers, signature_type="aes", fields=fields, summary_mark=summary_mark
    )
    async with services.database.transaction() as tx:
        request = await services.ceremonies.open(tx, scope, new)
    for signer in request.signers:
        async with services.database.transaction() as tx:
            await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
        async with services.database.transaction() as tx:
            await services.ceremonies.consent(tx, signer.link_token, written=written)
    await run_cycle(services, request)
    return await download(services, request)


async def two_pages(services: Services, scope: Scope, media_box: bytes) -> Document:
    content = pages_pdf(2, media_box=media_box)
    path = Path(services.settings.spool_dir) / "upload.pdf"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    upload = ReceivedUpload({}, path, "contract.pdf", "application/pdf", len(content), digest)
    async with services.database.transaction() as tx:
        return await services.documents.accept(tx, scope, upload, replace(INSPECTION, pages=2))


async def download(services: Services, request: SignatureRequest) -> bytes:
    completed = await current(services, request)
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, completed)
    return await services.blobs.read(revision.blob_key)


async def check(services: Services, signed: bytes) -> None:
    anchor = TrustAnchor(services.authority.root, "sandbox")
    report = await validate_pdf(io.BytesIO(signed), anchors=[anchor], now=services.clock.now())
    assert report.valid, report.reasons
    assert len(report.signatures) == len(NAMES)


def rectangles(signed: bytes) -> dict[str, tuple[int, list[float], bool]]:
    """For each signer's name in /TU, or field name, the page, the place, and whether it is drawn."""
    found = {}
    reader = PdfFileReader(io.BytesIO(signed))
    for signature in reader.embedded_regular_signatures:
        widget: Any = signature.sig_field
        page = next(n for n in (1, 2) if reader.find_page_for_modification(n - 1)[0] == widget.raw_get("/P"))
        key = str(widget["/TU"] if "/TU" in widget else widget["/T"])
        found[key] = (page, [float(value) for value in widget["/Rect"]], "/AP" in widget)
    return found


def described(name: str) -> str:
    return f"SANDBOX · no legal value. Electronic signature of {name}"


@pytest.mark.parametrize("second_page", [1, 2])
@pytest.mark.parametrize("rotation", [b"", b"/Rotate 90"])
async def test_two_visible_signatures_are_both_valid(
    services: Services, second_page: int, rotation: bytes
) -> None:
    signed = await signed_by_all(
        services,
        Field(1, second_page, 300, 100, 200, 80, "signature"),
        Field(0, 1, 72, 100.5, 80, 20, "signature"),
        media_box=b"[0 0 595 842]" + rotation,
    )
    await check(services, signed)
    assert rectangles(signed) == {
        described(NAMES[0]): (1, [72, 100.5, 152, 120.5], True),
        described(NAMES[1]): (second_page, [300, 100, 500, 180], True),
    }


async def test_who_has_no_field_signs_invisibly(services: Services) -> None:
    signed = await signed_by_all(services, Field(1, 2, 300, 100, 200, 80, "signature"))
    await check(services, signed)
    found = rectangles(signed)
    assert found.pop(described(NAMES[1])) == (2, [300, 100, 500, 180], True)
    ((page, place, _),) = found.values()
    assert (page, place) == (1, [0, 0, 0, 0])


async def test_marks_stand_on_the_last_page_beside_the_fields(services: Services) -> None:
    field = Field(1, 2, 10, 5, 150, 40, "signature")
    signed = await signed_by_all(services, field, summary_mark=True)
    await check(services, signed)
    found = rectangles(signed)
    assert found[described(NAMES[1])] == (2, [10, 5, 160, 45], True)
    page, (left, bottom, _, top), drawn = found[described(NAMES[0])]
    assert (page, drawn, bottom, top) == (2, True, 10, 34)
    assert left > 160


async def test_a_drawing_and_a_reason_are_in_the_signed_document(services: Services) -> None:
    drawing = "600.200_25.120-50.158-92.133-133.67-175.98_300.20-310.190"
    signed = await signed_by_all(
        services,
        FIELD,
        Field(1, 1, 300, 100, 200, 80, "signature"),
        written=drawing,
        reason="Approved by the board",
    )
    await check(services, signed)
    for signature in PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures:
        assert signature.sig_object["/Reason"] == "Approved by the board"
        content = signature.sig_field["/AP"]["/N"].data
        assert b" c\n" in content
    async with services.database.transaction() as tx:
        kept = await fetch_all(tx, "SELECT written FROM consents")
    assert drawing in {row["written"] for row in kept}


async def test_what_cannot_be_shown_is_refused_and_the_signer_may_try_again(services: Services) -> None:
    scope = await make_scope(services)
    document = await two_pages(services, scope, b"[0 0 595 842]")
    new = NewSignatureRequest(
        document.id, (NewSigner("გიორგი", "g@example.com"),), signature_type="ses", fields=(FIELD,)
    )
    async with services.database.transaction() as tx:
        request = await services.ceremonies.open(tx, scope, new)
    token = request.signers[0].link_token
    for unusable in ("typed", "600.200", "600.200_1.1-2.2"):
        with pytest.raises(DrawingUnusable):
            async with services.database.transaction() as tx:
                await services.ceremonies.consent(tx, token, written=unusable)
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, token)
    await run_cycle(services, request)
    assert described("გიორგი") in rectangles(await download(services, request))


@pytest.mark.tools
async def test_pdfsig_finds_both_valid(services: Services, tmp_path: Path) -> None:
    signed = await signed_by_all(
        services,
        FIELD,
        Field(1, 1, 300, 100, 200, 80, "signature"),
    )
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    judged = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
    assert judged.stdout.count("Signature Validation: Signature is Valid.") == 2, judged.stdout
