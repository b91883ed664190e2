"""Which Office documents are taken in: what they are, and what they must not have in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from qsignhub.documents.errors import (
    ActiveContent,
    DocumentAmbiguous,
    DocumentEncrypted,
    DocumentUnreadable,
    ExternalContent,
    UnsupportedDocumentType,
)
from qsignhub.documents.model import DOCX_TYPE, XLSX_TYPE
from qsignhub.documents.office_package import inspect_package
from qsignhub.documents.zip_package import MAX_ENTRIES, MAX_TOTAL_BYTES
from qsignhub.foundation.errors import Invalid
from tests.documents import office_files as made

WORD, SHEET = made.word(), made.sheet()
TYPES = b"[Content_Types].xml"


@pytest.fixture
def inspect(tmp_path: Path) -> Callable[[bytes], tuple[str, list[str]]]:
    def _inspect(content: bytes) -> tuple[str, list[str]]:
        path = tmp_path / "document"
        path.write_bytes(content)
        mime_type, hazards = inspect_package(path)
        return mime_type, [hazard.code for hazard in hazards]

    return _inspect


def test_documents_of_python_libraries_pass(inspect) -> None:
    assert inspect(WORD) == (DOCX_TYPE, [])
    assert inspect(SHEET) == (XLSX_TYPE, [])


@pytest.mark.office
def test_documents_of_libreoffice_pass(inspect) -> None:
    text = made.by_libreoffice("Umowa\n\nZażółć".encode(), ".txt", "docx:MS Word 2007 XML")
    assert inspect(text) == (DOCX_TYPE, [])
    figures = made.by_libreoffice(b"a,b\n1,2\n", ".csv", "xlsx:Calc MS Excel 2007 XML")
    assert inspect(figures) == (XLSX_TYPE, [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (made.related(WORD, "hyperlink", "https://example.com/"), None),
        (made.related(WORD, "oleObject", "embeddings/o.bin", external=False), "EMBEDDED_OBJECTS"),
        (made.related(WORD, "package", "embeddings/o.xlsx", external=False), "EMBEDDED_OBJECTS"),
        (made.related(SHEET, "connections", "connections.xml", external=False), "DATA_CONNECTIONS"),
        (made.related(WORD, "digital-signature/origin", "x", external=False), "EXISTING_SIGNATURES"),
        (made.in_body(WORD, made.field("PAGE")), None),
        (made.in_body(WORD, made.field(" HYPERLINK ", '"https://example.com"')), None),
    ],
)
def test_what_is_allowed_and_what_of_it_is_flagged(inspect, content: bytes, code: str | None) -> None:
    assert inspect(content)[1] == ([code] if code else [])


MACRO_MAIN = b"application/vnd.ms-word.document.macroEnabled.main+xml"
WORD_MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(made.changed(WORD, TYPES.decode(), WORD_MAIN, MACRO_MAIN), id="type"),
        pytest.param(made.added(WORD, "word/vbaProject.bin", b"\xd0\xcf\x11\xe0"), id="part"),
        pytest.param(made.added(WORD, "word/VBAPROJECT.BIN", b"x"), id="part in capitals"),
        pytest.param(made.added(SHEET, "xl/macrosheets/sheet1.xml", b"<a/>"), id="macro sheet"),
        pytest.param(made.added(WORD, "word/activeX/activeX1.xml", b"<a/>"), id="activex part"),
        pytest.param(made.related(WORD, "vbaProject", "elsewhere.bin", external=False), id="relation"),
        pytest.param(made.related(WORD, "control", "a.xml", external=False), id="control"),
        pytest.param(made.related(WORD, "aFChunk", "a.html", external=False), id="html chunk"),
        pytest.param(
            made.changed(
                WORD,
                TYPES.decode(),
                b"</Types>",
                b'<Default Extension="dat" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
            ),
            id="by ending",
        ),
        pytest.param(made.in_body(WORD, made.field("DDEAUTO c:\\\\x.exe")), id="dde"),
        pytest.param(made.in_body(WORD, made.field("D", "D", "E cmd")), id="dde in pieces"),
        pytest.param(made.in_body(WORD, '<w:fldSimple w:instr=" dde cmd"/>'), id="dde in short"),
    ],
)
def test_case_27_what_acts_is_refused(inspect, content: bytes) -> None:
    with pytest.raises(ActiveContent) as caught:
        inspect(content)
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_ACTIVE_CONTENT", "file")


@pytest.mark.parametrize(
    "content",
    [
        made.related(WORD, "attachedTemplate", "http://127.0.0.1:9/evil.dotm"),
        made.related(WORD, "attachedTemplate", "file:///C:/Normal.dotm"),
        made.related(WORD, "image", "http://127.0.0.1:9/pixel.png"),
        made.related(WORD, "oleObject", "file:///etc/passwd"),
        made.related(WORD, "subDocument", "other.docx"),
        made.related(WORD, "frame", "http://127.0.0.1:9/"),
        made.related(WORD, "somethingNew", "http://127.0.0.1:9/"),
        made.related(SHEET, "externalLink", "externalLinks/externalLink1.xml", external=False),
        made.related(SHEET, "externalLinkPath", "other.xlsx"),
        made.in_body(WORD, made.field('INCLUDETEXT "/etc/passwd"')),
        made.in_body(WORD, made.field("INCLUDE", 'PICTURE "http://127.0.0.1:9/a.png"')),
        made.changed(SHEET, "xl/worksheets/sheet1.xml", b"B1*2", b'WEBSERVICE("http://127.0.0.1:9")'),
    ],
)
def test_case_27_what_is_somewhere_else_is_refused(inspect, content: bytes) -> None:
    with pytest.raises(ExternalContent) as caught:
        inspect(content)
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_EXTERNAL_CONTENT", "file")


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b"<!--" + b"x" * 300_000 + b'--><!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
    ],
)
@pytest.mark.parametrize(
    "part", ["word/document.xml", "[Content_Types].xml", "_rels/.rels", "docProps/core.xml"]
)
def test_cases_24_to_26_no_part_declares_anything(inspect, part: str, declaration: bytes) -> None:
    content = made.parts_of(WORD)[part]
    head, end, tail = content.partition(b"?>")
    with pytest.raises(Invalid):
        inspect(made.packed(made.parts_of(WORD) | {part: head + end + declaration + tail}))


def test_case_23_a_bomb_is_refused_before_it_is_unpacked(inspect) -> None:
    bomb = made.added(WORD, "word/media/zeros.bin", bytes(60 * 1024 * 1024))
    assert len(bomb) < 200_000
    with pytest.raises(DocumentUnreadable, match="times its size"):
        inspect(bomb)


def test_case_23_more_than_fits_is_refused_whatever_the_ratio(inspect) -> None:
    entries = [(b"part%d" % number, b"") for number in range(3)]
    with pytest.raises(DocumentUnreadable, match="more than 256 MB"):
        inspect(made.archive(*entries, declared_size=MAX_TOTAL_BYTES // 2))


@pytest.mark.parametrize("declared", [10, 10_000_000])
def test_case_23_a_part_that_lies_about_its_size_is_refused(inspect, declared: int) -> None:
    with pytest.raises(Invalid):
        inspect(made.archive((TYPES, b"<Types>" + b" " * 100_000 + b"</Types>"), declared_size=declared))


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "word/../../evil",
        "/etc/passwd",
        "C:/evil",
        "word\\evil",
        "word//evil",
        "./evil",
        "a/..",
        "a\tb",
    ],
)
def test_case_23_zip_slip_is_refused(inspect, name: str) -> None:
    with pytest.raises(DocumentUnreadable):
        inspect(made.archive((TYPES, b"<Types/>"), (name.encode(), b"x")))


def test_case_23_thousands_of_entries_are_refused(inspect) -> None:
    with pytest.raises(DocumentUnreadable, match="2,000 parts"):
        inspect(made.packed({f"word/{number}.xml": b"" for number in range(MAX_ENTRIES + 1)}))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(made.archive((TYPES, b"<Types/>"), (TYPES, b"<Other/>")), id="twice"),
        pytest.param(
            made.archive((TYPES, b"<Types/>"), (TYPES.upper(), b"<Other/>")), id="twice but for case"
        ),
        pytest.param(made.archive((TYPES, b"<Types/>"), local_name=b"[Other]"), id="two names"),
        pytest.param(made.archive((TYPES, b"<Types/>"), (b"a", b"x"), offset=0), id="overlapping"),
        pytest.param(made.archive((TYPES, b"<Types/>"), offset=5), id="not at the beginning"),
        pytest.param(WORD + b"\n", id="something behind"),
        pytest.param(WORD[:-30], id="cut off"),
        pytest.param(WORD[:-2] + b"\x05\x00hello", id="a comment"),
        pytest.param(WORD + SHEET, id="two packages"),
    ],
)
def test_case_14_a_package_reads_in_one_way_only(inspect, content: bytes) -> None:
    with pytest.raises(DocumentAmbiguous):
        inspect(content)


def test_case_15_an_encrypted_package_is_refused(inspect) -> None:
    with pytest.raises(DocumentEncrypted):
        inspect(made.archive((TYPES, b"<Types/>"), flags=1))


def test_a_damaged_part_is_refused(inspect) -> None:
    with pytest.raises(DocumentUnreadable):
        inspect(made.archive((TYPES, b"<Types/>"), crc=1))


@pytest.mark.parametrize("at", range(0, len(WORD), len(WORD) // 40))
def test_any_damage_is_refused_or_harmless(inspect, at: int) -> None:
    damaged = WORD[:at] + bytes([WORD[at] ^ 0x55]) + WORD[at + 1 :]
    outcome: object
    try:
        outcome = inspect(damaged)[0]
    except Invalid as refusal:
        outcome = refusal.field
    assert outcome in {DOCX_TYPE, "file"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (made.packed({"a.txt": b"hello"}), UnsupportedDocumentType),
        (
            made.changed(
                WORD, TYPES.decode(), WORD_MAIN, WORD_MAIN.replace(b"document.main", b"template.main")
            ),
            UnsupportedDocumentType,
        ),
        (made.packed({"[Content_Types].xml": b"<Types/>"}), DocumentUnreadable),
        (made.packed(made.parts_of(WORD) | {"_rels/.rels": b"<Relationships/>"}), DocumentUnreadable),
    ],
)
def test_case_22_other_packages_are_refused(inspect, content: bytes, error: type[Invalid]) -> None:
    assert zipfile.is_zipfile(io.BytesIO(content))
    with pytest.raises(error):
        inspect(content)
