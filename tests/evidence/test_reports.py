"""What a history looks like as HTML and as PDF; names that want to be more than names stay names."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from lxml import html

from qsignhub.evidence.model import History
from qsignhub.evidence.report import visible
from qsignhub.evidence.report_html import render_html
from qsignhub.evidence.report_pdf import render_pdf
from tests.evidence.histories import AGENT, SERIAL, a_history

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "#eval(read(sys)) #panic()",
    '"; #include "/etc/passwd"',
    "\\u{41} $x^2$ _not emphasised_ *nor strong* @label <label> // comment",
    "= Not a heading",
    "../../etc/passwd",
]
SCRIPTS = ["Łukasz Żółć", "Jörg Weiß äöü", "Ελένη Παπαδοπούλου", "Константин Щёкин", "Nguyễn Văn Ánh"]


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def parsed(history: History) -> Any:
    return html.document_fromstring(render_html(history))


@pytest.mark.parametrize("name", HOSTILE)
def test_case_12_a_hostile_name_is_a_name_in_the_html(name: str) -> None:
    harmless, page = parsed(a_history("Anna Kowalska")), parsed(a_history(name, document=name))
    assert page.xpath("//h3/bdi/text()") == [name]
    assert page.xpath("//h1/bdi/text()") == [name]
    assert [element.tag for element in page.iter()] == [element.tag for element in harmless.iter()]


@pytest.mark.tools
@pytest.mark.parametrize("name", HOSTILE)
def test_case_12_a_hostile_name_is_a_name_in_the_pdf(name: str) -> None:
    text = squeezed(text_of(render_pdf(a_history(name, document=name, email=name))))
    assert text.count(squeezed(name)) >= 6


@pytest.mark.tools
@pytest.mark.parametrize("name", SCRIPTS)
def test_names_of_europe_are_set_and_found_again(name: str) -> None:
    text = text_of(render_pdf(a_history(name)))
    assert name in text
    assert "lack some of the letters" not in text


@pytest.mark.tools
def test_a_name_that_cannot_be_set_is_pointed_to() -> None:
    history = a_history("王小明")
    assert "history.html" in text_of(render_pdf(history))
    assert "王小明" in render_html(history).decode()


def test_case_05_what_turns_the_writing_direction_is_not_shown() -> None:
    name = "Anna\u202egpj.exe\u2066\r\nBcc: x\x00"
    assert visible(name) == "Annagpj.exe Bcc: x"
    page = parsed(a_history(name, document=name)).text_content()
    assert not set("\u202e\u2066\x00") & set(page)


@pytest.mark.tools
def test_hashes_and_serials_are_copied_whole() -> None:
    history = a_history("Anna Kowalska")
    party = history.parties[0]
    assert party.certificate is not None
    assert party.timestamp is not None
    assert history.signed is not None
    words = text_of(render_pdf(history)).split()
    for exact in (history.signed.sha256, history.document.sha256, party.timestamp.imprint, SERIAL):
        assert exact in words
    codes = [code.text_content() for code in parsed(history).iter("code")]
    assert {history.signed.sha256, history.document.sha256, party.timestamp.imprint, SERIAL} <= set(codes)


@pytest.mark.tools
@pytest.mark.parametrize("sandbox", [True, False])
def test_the_sandbox_is_marked_on_each_page_and_nothing_else_is(sandbox: bool) -> None:
    history = a_history(*["Anna Kowalska"] * 20, sandbox=sandbox)
    pages = text_of(render_pdf(history)).rstrip("\f").split("\f")
    assert len(pages) > 5
    assert {"A test, without legal value." in page for page in pages} == {sandbox}
    assert ("A test, without legal value." in render_html(history).decode()) is sandbox


def test_the_same_history_is_the_same_file() -> None:
    first, again = a_history(*SCRIPTS), a_history(*SCRIPTS)
    assert render_pdf(first) == render_pdf(again)
    assert render_html(first) == render_html(again)
    assert render_pdf(first) != render_pdf(a_history(*SCRIPTS[1:]))


@pytest.mark.tools
def test_twenty_signers_are_all_told_of() -> None:
    names = [f"Signer Number{number:02d}" for number in range(1, 21)]
    history = a_history(*names)
    text, page = text_of(render_pdf(history)), parsed(history)
    for name in names:
        assert text.count(name) >= 5
    assert len(page.xpath("//article")) == 20
    assert len(page.xpath("//tbody/tr")) == len(history.entries)
    assert page.text_content().count(AGENT) == 40
