"""A document is what its bytes are, wholly, and nothing else besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsignhub.documents.declared_type import check_declared_type
from qsignhub.documents.errors import DocumentAmbiguous, DocumentUnreadable, UnsupportedDocumentType
from qsignhub.documents.file_type import check_is_pdf_alone, check_is_xml_alone, family_of
from qsignhub.documents.model import DOCX_TYPE, PDF_TYPE, XLSX_TYPE, XML_TYPE
from tests import pdfs

PDF = pdfs.one_page_pdf()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ZIP = pdfs.zip_archive()


def _check(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    family = family_of(path)
    assert family == "pdf"
    check_is_pdf_alone(path)


@pytest.mark.parametrize(
    "content",
    [
        PDF,
        PDF.rstrip(),
        PDF + b"\r\n\0\0 \t",
        pdfs.signed_pdf(),
        pdfs.encrypted_pdf(),
        PDF.replace(b"%PDF-1.7\n", b"%PDF-2.0\r\n%% Made by something <3 PDFs\r\n\r\n"),
        # four bytes that compressed data may hold by chance make no archive
        PDF.replace(b"%%EOF\n", b"%PK\x05\x06 is only chance here, with enough bytes after it\n%%EOF\n"),
        PDF.replace(b"%%EOF\n", b"%PK\x05\x06\n%%EOF\n"),
    ],
)
def test_a_pdf_is_a_pdf(tmp_path: Path, content: bytes) -> None:
    _check(tmp_path, content)


def _at(offset: int, magic: bytes) -> bytes:
    """A PDF with ``magic`` at a fixed place, inside the comment after the header."""
    head = b"%PDF-1.7\n%"
    comment = b"x" * (offset - len(head)) + magic
    if len(comment) < 3000:
        return head + comment + b"\n" + PDF.removeprefix(b"%PDF-1.7\n")
    stream = b"%PDF-1.7\n9 0 obj\n<</Length 1>>stream\n"
    return (
        stream
        + b"x" * (offset - len(stream))
        + magic
        + b"\nendstream\nendobj\n"
        + PDF.removeprefix(b"%PDF-1.7\n")
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ZIP + PDF, id="zip in front"),
        pytest.param(PDF + ZIP, id="zip behind"),
        pytest.param(
            PDF + pdfs.zip_archive(comment=b"\nstartxref\n9\n%%EOF\n"), id="zip whose comment ends like a PDF"
        ),
        pytest.param(PDF.replace(b"xref\n0", ZIP + b"\nxref\n0"), id="zip inside, near the end"),
        pytest.param(
            PDF.replace(b"xref\n0", b"PK\x05\x06" + bytes(18) + b"\nxref\n0"), id="empty zip inside"
        ),
        pytest.param(b"<html><script>alert(1)</script>" + PDF, id="html in front"),
        pytest.param(
            PDF.replace(b"%PDF-1.7\n", b"%PDF-1.7 <script>alert(1)</script>\n"), id="script in the header"
        ),
        pytest.param(PDF.replace(b"%PDF-1.7\n", b"%PDF-1.7\n%<HTML><body>\n"), id="html in a comment"),
        pytest.param(
            PDF.replace(b"%PDF-1.7\n", b"%PDF-1.7\n<?php system('id'); ?>\n"), id="php after the header"
        ),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(16) + PDF, id="jpeg in front"),
        pytest.param(b"GIF89a" + PDF, id="gif in front"),
        pytest.param(b"\x7fELF" + bytes(60) + PDF, id="elf in front"),
        pytest.param(b"MZ" + bytes(60) + PDF, id="exe in front"),
        pytest.param(b"\n" + PDF, id="a line in front"),
        pytest.param(b"x" * 1024 + PDF, id="as far in as readers look"),
        pytest.param(PDF + b"MZ", id="two bytes behind"),
        pytest.param(PDF + b"\n" * 70_000 + b"x", id="one byte far behind"),
        pytest.param(_at(257, b"ustar"), id="tar"),
        pytest.param(_at(128, b"DICM"), id="dicom"),
        pytest.param(_at(32_769, b"CD001"), id="iso"),
        pytest.param(_at(500_000, b"Rar!\x1a\x07\x00"), id="rar"),
        pytest.param(_at(900_000, b"7z\xbc\xaf\x27\x1c"), id="7z"),
    ],
)
def test_case_14_polyglot_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentAmbiguous) as caught:
        _check(tmp_path, content)
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_AMBIGUOUS", "file")


@pytest.mark.parametrize(
    ("content", "described"),
    [
        (PNG, "a PNG image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Office document"),
        (b"PK\x05\x06" + bytes(18), "a ZIP archive"),
        (b"\n<HTML><body>", "an HTML page"),
        (b"  <!doctype HTML>", "an HTML page"),
        (b"MZ" + bytes(2000) + PDF, "a program"),
        (b"plain text", "something else"),
        (b"%pdf-1.7", "something else"),
        (b"", "empty"),
    ],
)
def test_case_22_other_content_is_refused(tmp_path: Path, content: bytes, described: str) -> None:
    with pytest.raises(UnsupportedDocumentType, match=described) as caught:
        _check(tmp_path, content)
    assert caught.value.code == "UNSUPPORTED_DOCUMENT_TYPE"


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", b"%PDF-9.9\n1 0 obj\n", b"%PDF-1.77\n1 0 obj\n", b"%PDF-"],
)
def test_a_cut_off_pdf_is_unreadable(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        _check(tmp_path, content)


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("contract.pdf", "application/pdf"),
        ("CONTRACT.PDF", "Application/PDF; charset=binary"),
        ("contract", "application/octet-stream"),
        ("Contract v1.2", None),
        ("Annex of 12.05.2025", ""),
        (None, None),
        ("", "application/x-pdf"),
        ("agreement.final", "binary/octet-stream"),
    ],
)
def test_a_declaration_that_does_not_contradict_passes(
    filename: str | None, content_type: str | None
) -> None:
    check_declared_type(PDF_TYPE, filename, content_type)


@pytest.mark.parametrize(
    ("mime_type", "filename", "content_type"),
    [
        (DOCX_TYPE, "contract.docx", DOCX_TYPE),
        (DOCX_TYPE, "Contract.DOCX", "application/zip"),
        (XLSX_TYPE, "figures.xlsx", XLSX_TYPE),
        (XLSX_TYPE, "figures", "application/x-zip-compressed"),
        (XML_TYPE, "invoice.xml", "text/xml; charset=utf-8"),
        (XML_TYPE, "invoice.xsd", "application/xml"),
        (XML_TYPE, "Invoice 12.05", None),
    ],
)
def test_the_names_of_each_type_pass(mime_type: str, filename: str, content_type: str | None) -> None:
    check_declared_type(mime_type, filename, content_type)


@pytest.mark.parametrize(
    ("mime_type", "filename", "content_type"),
    [
        (DOCX_TYPE, "contract.xlsx", None),
        (DOCX_TYPE, "contract.docm", None),
        (DOCX_TYPE, "contract.docx", XLSX_TYPE),
        (DOCX_TYPE, "contract.zip", "application/zip"),
        (XLSX_TYPE, "figures.xml", None),
        (XLSX_TYPE, "figures.xlsx", "application/pdf"),
        (XML_TYPE, "invoice.html", None),
        (XML_TYPE, "invoice.svg", None),
        (XML_TYPE, "invoice.xml", "text/html"),
        (XML_TYPE, "invoice.pdf", "application/xml"),
    ],
)
def test_case_22_each_type_has_its_own_names(mime_type: str, filename: str, content_type: str | None) -> None:
    with pytest.raises(UnsupportedDocumentType):
        check_declared_type(mime_type, filename, content_type)


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("contract.docx", "application/pdf"),
        ("contract.pdf.xml", None),
        ("contract.exe", None),
        ("contract.html ", "application/octet-stream"),
        ("page.png.", None),
        ("contract.pdf", "image/png"),
        ("contract.pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (None, "text/html; charset=utf-8"),
    ],
)
def test_case_22_a_contradicting_declaration_is_refused(
    filename: str | None, content_type: str | None
) -> None:
    with pytest.raises(UnsupportedDocumentType) as caught:
        check_declared_type(PDF_TYPE, filename, content_type)
    assert caught.value.field == "file"


@pytest.mark.parametrize(
    ("content", "family"),
    [
        (PDF, "pdf"),
        (ZIP, "package"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b"\xef\xbb\xbf\n<a/>", "xml"),
        ("<a>ę</a>".encode("utf-16"), "xml"),
        ("\ufeff<a>ę</a>".encode("utf-16-be"), "xml"),
        ("<é/>".encode(), "xml"),
        (b"<!-- a comment --><a/>", "xml"),
    ],
)
def test_the_first_bytes_tell_the_family(tmp_path: Path, content: bytes, family: str) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    assert family_of(path) == family


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<a/>" + ZIP, id="zip behind"),
        pytest.param(b"<a/>" + b" " * 300 + b"Rar!\x1a\x07\x00", id="rar"),
        pytest.param(b"<!--" + b"x" * 253 + b"ustar--><a/>", id="tar"),
    ],
)
def test_case_14_an_xml_polyglot_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    assert family_of(path) == "xml"
    with pytest.raises(DocumentAmbiguous):
        check_is_xml_alone(path)


@pytest.mark.parametrize("start", [b"<!--", b"<?xml version='1.0'?><!--", b"PK\x03\x04" + bytes(30)])
def test_case_14_a_pdf_inside_of_something_else_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "document"
    path.write_bytes(start + PDF + b"--><a/>")
    with pytest.raises(DocumentAmbiguous):
        family_of(path)
