"""XML documents: nothing fetched, nothing expanded, and every character that is signed can be seen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest

from qsignhub.documents.errors import DocumentUnreadable, ExternalContent, UnsupportedDocumentType
from qsignhub.documents.inspection import Inspection, inspect_file
from qsignhub.documents.model import XML_TYPE
from qsignhub.documents.xml_document import MAX_CHARACTERS
from qsignhub.foundation.errors import Invalid

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Faktura: zażółć gęślą jaźń -->
<i:invoice xmlns:i="urn:invoice" id="1"><i:line n="1">12.50 &amp; more</i:line></i:invoice>
"""


@pytest.fixture
def inspect(tmp_path: Path) -> Callable[[str | bytes], Inspection]:
    def _inspect(content: str | bytes) -> Inspection:
        path = tmp_path / "document"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return inspect_file(path, "document.xml", "application/xml", "ab" * 32, tmp_path)

    return _inspect


def _text(inspection: Inspection) -> str:
    assert inspection.pdf is not None
    pdf = pypdfium2.PdfDocument(inspection.pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    finally:
        pdf.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-2"])
def test_an_xml_document_is_laid_out_as_pages(inspect, encoding: str) -> None:
    inspection = inspect(INVOICE.replace("UTF-8", encoding).encode(encoding))
    assert (inspection.mime_type, inspection.pages, inspection.hazards) == (XML_TYPE, 1, ())
    assert (inspection.preview_png or b"").startswith(b"\x89PNG")
    text = _text(inspection)
    for shown in ("zażółć gęślą jaźń", '<i:line n="1">12.50 &amp; more</i:line>', "</i:invoice>", "abababab"):
        assert shown in text


def test_many_lines_take_many_pages(inspect) -> None:
    inspection = inspect("<a>" + "<b>1</b>" * 500 + "</a>")
    assert (inspection.pages or 0) > 5
    assert "503" in _text(inspection)  # the last line's number: declaration, root, lines, end


def test_a_long_word_is_broken_and_not_cut_off(inspect) -> None:
    word = "".join(f"{number:04d}" for number in range(500))
    text = _text(inspect(f"<a><b>{word}</b></a>"))
    digits = "".join(character for character in text.split("<b>")[1].split("</b>")[0] if character.isdigit())
    assert digits == word


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\u00ad", "\ufeff", "\u05d0", "\u6f22"])
def test_case_05_what_hides_or_turns_is_shown_as_what_it_is(inspect, hidden: str) -> None:
    text = _text(inspect(f"<a>left{hidden}right</a>"))
    assert f"left&#x{ord(hidden):X};right" in text


def test_what_is_too_long_is_shown_by_its_beginning(inspect) -> None:
    inspection = inspect("<a>" + "<b>beginning</b>" * (MAX_CHARACTERS // 16) + "</a>")
    assert (inspection.pages, inspection.pdf) == (None, None)
    assert (inspection.preview_png or b"").startswith(b"\x89PNG")


def test_what_is_long_only_when_laid_out_is_shown_by_its_beginning(inspect) -> None:
    depth = 200
    content = "<a>" * depth + "<b/>" * 20_000 + "</a>" * depth
    assert len(content) < MAX_CHARACTERS
    assert inspect(content).pages is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('<?xml-stylesheet href="http://127.0.0.1:9/a.xsl" type="text/xsl"?><a/>', "XML_STYLESHEET"),
        ('<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="http://127.0.0.1:9/b"/></a>',
         "XML_INCLUSIONS"),
        ('<a><s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/></a>', "EXISTING_SIGNATURES"),
    ],
)  # fmt: skip
def test_what_others_would_fetch_or_check_is_flagged(inspect, content: str, code: str) -> None:
    assert [hazard.code for hazard in inspect(content).hazards] == [code]


@pytest.fixture
def address() -> Iterator[str]:
    """Where nobody may call: the test fails if somebody does."""
    came = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def wait() -> None:
            try:
                listener.accept()[0].close()
                came.set()
            except OSError:
                pass

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert not came.is_set()


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "{address}/x">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "{address}/x.dtd"> %p;]><a/>',
        '<!DOCTYPE a SYSTEM "{address}/x.dtd"><a/>',
        '<!DOCTYPE a PUBLIC "-//X//Y" "{address}/x.dtd"><a/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_cases_24_and_26_a_declaration_is_refused_and_nothing_fetched(
    inspect, address: str, content: str, encoding: str
) -> None:
    with pytest.raises(ExternalContent) as caught:
        inspect(content.replace("{address}", address).encode(encoding))
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_EXTERNAL_CONTENT", "file")


@pytest.mark.parametrize(
    "content",
    [
        '<?xml-stylesheet href="{address}/a.xsl" type="text/xsl"?><a/>',
        '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{address}/b"/></a>',
        '<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="urn:a {address}/a.xsd"/>',
    ],
)
def test_case_26_what_is_accepted_fetches_nothing(inspect, address: str, content: str) -> None:
    assert inspect(content.replace("{address}", address)).pages == 1


def test_case_25_billion_laughs_are_refused(inspect) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(Invalid):
        inspect(f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{entities}]><a>&l9;</a>')


@pytest.mark.parametrize(
    "content",
    [
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "<a b='1' b='2'/>",
        "<a>&unknown;</a>",
        "<p:a/>",
        "<a>\x01</a>",
        b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        "<a>" * 100_000,
    ],
)
def test_what_is_not_well_formed_is_refused(inspect, content: str | bytes) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        inspect(content)
    assert caught.value.field == "file"


@pytest.mark.parametrize(
    "content",
    [
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
    ],
)
def test_case_22_what_is_another_kind_of_file_is_refused(inspect, content: str) -> None:
    with pytest.raises(UnsupportedDocumentType):
        inspect(content)


def test_a_name_that_says_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "document").write_text("<a/>")
    with pytest.raises(UnsupportedDocumentType):
        inspect_file(tmp_path / "document", "contract.pdf", None, "", tmp_path)
