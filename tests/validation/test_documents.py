from __future__ import annotations

import io

import pytest
from reportlab.pdfgen import canvas

from qsignhub.foundation.errors import Invalid
from qsignhub.validation import document as document_module
from qsignhub.validation.errors import EncryptedDocument, NotAPdf, TooManySignatures, UnreadableDocument
from tests.validation.judging import judge, made
from tests.validation.signed_samples import plain_pdf


def test_a_pdf_without_signatures_is_not_valid() -> None:
    report = judge(plain_pdf())
    assert not report.valid
    assert report.signatures == ()
    assert report.reasons == ("There is no signature in the document.",)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html></html>", b"x" * 2000 + b"%PDF-1.7"])
def test_not_a_pdf(data: bytes) -> None:
    with pytest.raises(NotAPdf):
        judge(data)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\x00" * 500, plain_pdf()[:-300]])
def test_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        judge(data)
    assert isinstance(caught.value, Invalid)


def test_case_15_encrypted() -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out, encrypt="secret")
    page.drawString(72, 720, "secret")
    page.save()
    with pytest.raises(EncryptedDocument):
        judge(out.getvalue())


def test_case_20_cyclic_cross_reference() -> None:
    document = plain_pdf()
    at = len(document)
    cycle = b"xref\n0 0\ntrailer\n<< /Size 12 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (at, at)
    with pytest.raises(UnreadableDocument):
        judge(document + cycle)


def test_the_number_of_signatures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "MAX_SIGNATURES", 1)
    with pytest.raises(TooManySignatures):
        judge(made("LTA"))
