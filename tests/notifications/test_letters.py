"""What messages say, in every language, and that what comes from people stays text."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

import qsignhub.pages
from qsignhub.ceremonies.notices import NoticeKind
from qsignhub.notifications.composing import compose_mail, compose_text
from qsignhub.notifications.inert import lines, one_line
from qsignhub.notifications.languages import LANGUAGES, words_for
from qsignhub.notifications.languages.english import ENGLISH
from qsignhub.notifications.languages.words import Words
from qsignhub.notifications.model import Matter

KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
MATTER = Matter(
    kind="invitation",
    sandbox=False,
    account_name="Kowalska & Partners",
    signer_name="Anna Maria",
    document_name="Lease agreement",
    signature_type="aes",
    open_until=datetime(2026, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=2))),
    link="https://sign.example/s/aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA",
    note=None,
)
languages = pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
kinds = pytest.mark.parametrize("kind", KINDS)

HOSTILE = "Ev\u202eil\r\nBcc: all@x.example <script>alert(1)</script> {link} {0.x} %s \u2066\u2028end\x00"
SHOWN = "Evil Bcc: all@x.example <script>alert(1)</script> {link} {0.x} %s end"


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.text += data


def html_of(words: Words, matter: Matter) -> Tags:
    html = compose_mail(words, matter).html
    assert html is not None
    return Tags(html)


@languages
@kinds
def test_every_language_says_everything(words: Words, kind: NoticeKind) -> None:
    matter = replace(MATTER, kind=kind, note="First line\n\nSecond line", sandbox=True)
    mail = compose_mail(words, matter)
    assert mail.subject is not None
    assert mail.subject.startswith("[SANDBOX] ")
    html = html_of(words, matter)
    assert ("html", {"lang": words.code}) in html.found
    for shown in (mail.text, html.text):
        for told in (matter.account_name, matter.signer_name, matter.document_name, "SANDBOX", words.sandbox):
            assert told in shown
        assert "First line" in shown
        assert not re.search(r"[{}]", shown)
    assert "> First line\n> \n> Second line\n" in mail.text
    if kind == "cancellation":
        assert matter.link not in mail.text
        assert not [tag for tag, _ in html.found if tag == "a"]
    else:
        assert f"\n{matter.link}\n" in mail.text
        assert [attributes["href"] for tag, attributes in html.found if tag == "a"] == [matter.link] * 2
        assert words.level.aes in mail.text
        assert words.moment_of(matter.open_until) in html.text


@languages
@kinds
def test_no_two_kinds_and_no_two_languages_say_the_same(words: Words, kind: NoticeKind) -> None:
    said = compose_mail(words, replace(MATTER, kind=kind)).text
    others = [
        compose_mail(other, replace(MATTER, kind=another)).text
        for other in LANGUAGES
        for another in KINDS
        if (other, another) != (words, kind)
    ]
    assert said not in others
    for field in fields(Words):
        assert getattr(words, field.name), field.name
    assert len(set(words.months)) == 12


def test_a_live_message_does_not_speak_of_the_sandbox() -> None:
    mail = compose_mail(ENGLISH, MATTER)
    assert "SANDBOX" not in f"{mail}"
    assert mail.subject == "Kowalska & Partners asks you to sign: Lease agreement"


def test_the_signers_locale_chooses_the_language() -> None:
    chosen = {locale: words_for(locale).code for locale in ("de-AT", "PL", "cs", "fr-CA", "es-419", "it-CH")}
    assert chosen == {"de-AT": "de", "PL": "pl", "cs": "cs", "fr-CA": "fr", "es-419": "es", "it-CH": "it"}
    assert {words_for(locale).code for locale in (None, "", "en-GB", "hu-HU", "den", "d")} == {"en"}


def test_dates_are_written_as_people_write_them() -> None:
    written = {words.code: words.moment_of(MATTER.open_until) for words in LANGUAGES}
    assert written == {
        "en": "1 March 2026, 21:59 UTC",
        "de": "1. März 2026, 21:59 UTC",
        "pl": "1 marca 2026, 21:59 UTC",
        "fr": "1 mars 2026, 21:59 UTC",
        "es": "1 de marzo de 2026, 21:59 UTC",
        "it": "1 marzo 2026, 21:59 UTC",
        "cs": "1. března 2026, 21:59 UTC",
    }
    assert ENGLISH.moment_of(datetime(2026, 12, 31, tzinfo=UTC)) == "31 December 2026, 00:00 UTC"


@languages
@kinds
def test_case_5_12_what_comes_from_people_is_shown_and_never_obeyed(words: Words, kind: NoticeKind) -> None:
    matter = replace(
        MATTER,
        kind=kind,
        account_name=HOSTILE,
        signer_name=HOSTILE,
        document_name=HOSTILE,
        note=HOSTILE + "\r\n.\r\n<img src=x onerror=alert(1)>",
    )
    calm = replace(MATTER, kind=kind, note="a\nb\nc\nd")
    mail = compose_mail(words, matter)
    text = compose_text(words, matter)
    assert mail.subject is not None
    for shown in (mail.subject, mail.text, text.text, mail.html or ""):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\x00\r]", shown)
    assert "\n" not in mail.subject + text.text
    assert SHOWN in mail.text
    html = html_of(words, matter)
    assert SHOWN in html.text
    tags = [tag for tag, _ in html.found if tag not in {"bdi", "br"}]
    assert tags == [tag for tag, _ in html_of(words, calm).found if tag not in {"bdi", "br"}]
    assert all(not name.startswith("on") for _, attributes in html.found for name in attributes)


def test_what_is_isolated_in_html_cannot_turn_the_words_around_it() -> None:
    html = compose_mail(ENGLISH, replace(MATTER, signer_name="שלום")).html
    assert html is not None
    assert "Hello <bdi>שלום</bdi>," in html


@languages
@kinds
def test_subjects_and_text_messages_stay_short(words: Words, kind: NoticeKind) -> None:
    long = replace(MATTER, kind=kind, account_name="Ä" * 200, document_name="Ö" * 200, sandbox=True)
    subject = compose_mail(words, long).subject
    assert subject is not None
    assert len(subject) <= 200
    assert "…" in subject
    said = compose_text(words, long).text
    assert len(said) <= 250
    assert (long.link in said) == (kind != "cancellation")


def test_one_line_and_lines() -> None:
    assert one_line("  a \t\r\n b\x85c\ud800 ") == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"
    assert lines("\n a \r\n\r\nb\u2028c\n") == ["a", "", "b", "c"]
    assert lines(" \n ") == []


def test_the_colours_are_those_of_the_pages() -> None:
    assert qsignhub.pages.__file__ is not None
    tokens = (Path(qsignhub.pages.__file__).parent / "assets" / "tokens.css").read_text()
    html = compose_mail(ENGLISH, replace(MATTER, sandbox=True, note="x")).html
    assert html is not None
    used = set(re.findall(r"#[0-9a-f]{6}\b", html))
    assert "#0b5d5b" in used
    assert used <= set(re.findall(r"#[0-9a-f]{6}\b", tokens))
