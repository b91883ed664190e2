"""What a mail looks like where it is read: on a phone and on a desk, in light and in dark."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from qsignhub.ceremonies.notices import NoticeKind
from qsignhub.notifications.composing import compose_mail
from qsignhub.notifications.languages import LANGUAGES
from qsignhub.notifications.languages.german import GERMAN
from qsignhub.notifications.model import Matter

pytestmark = pytest.mark.browser

_CONTRAST = """
(element) => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(luminance);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}
"""


def matter(kind: NoticeKind = "invitation") -> Matter:
    return Matter(
        kind=kind,
        sandbox=True,
        account_name="Notariat Kowalska & Schmidt-Weißenberger",
        signer_name="Wolfeschlegelsteinhausenbergerdorff-Müller von und zu Hohenz",
        document_name="Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung, Nachtrag 3",
        signature_type="qes",
        open_until=datetime(2026, 11, 24, 10, 2, tzinfo=UTC),
        link=f"https://sign.qsignhub.example/{'long-' * 12}/s/aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA",
        note="Bitte noch diese Woche.\nDonaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter",
    )


def show(page: Page, html: str | None) -> None:
    assert html is not None
    page.set_content(html)


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_runs_off_the_mail_in_any_language(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    kinds: tuple[NoticeKind, ...] = ("invitation", "reminder", "cancellation")
    for words in LANGUAGES:
        for kind in kinds:
            show(page, compose_mail(words, matter(kind)).html)
            beyond = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert beyond == 0, (words.code, kind)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    for kind in ("invitation", "cancellation"):
        show(page, compose_mail(GERMAN, matter(kind)).html)
        words = page.locator(
            "h1, p, th, td td, blockquote, a, strong, td td > span, tr:last-child > td.quiet"
        )
        ratios = {element.inner_text()[:30]: element.evaluate(_CONTRAST) for element in words.all()}
        assert len(ratios) > 8
        assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}
    context.close()


def test_the_button_is_one_and_large_enough_for_a_thumb(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, compose_mail(GERMAN, matter()).html)
    button = page.get_by_role("link", name="Lesen und unterschreiben")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    assert box["width"] >= 240
    expect(button).to_have_attribute("href", matter().link)


def test_a_screen_reader_finds_its_way(page: Page) -> None:
    show(page, compose_mail(GERMAN, matter()).html)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie werden um Ihre Unterschrift gebeten")
    expect(page.get_by_role("rowheader", name="Möglich bis")).to_be_visible()
    expect(page.get_by_role("blockquote")).to_contain_text("Bitte noch diese Woche.")
