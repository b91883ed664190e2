"""The history as a page: at each width, in light and dark, with the longest names and with many signers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qsignhub.evidence.report_html import render_html
from tests.browser.test_look import LONG_DOCUMENT, LONG_NAME
from tests.evidence.histories import a_history

pytestmark = pytest.mark.browser


@pytest.fixture
def history(tmp_path: Path) -> str:
    file = tmp_path / "history.html"
    names = [LONG_NAME, "Konstantynopolitańczykowianeczka" * 3, *["Anna Kowalska"] * 18]
    file.write_bytes(
        render_html(a_history(*names, document=LONG_DOCUMENT, email=f"{'a' * 60}@company.example"))
    )
    return file.as_uri()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_of_a_history_runs_off_the_page(
    page: Page, history: str, complaints: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(history)
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond == 0
    assert complaints == []


def test_a_history_asks_the_network_for_nothing(page: Page, history: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(history)
    page.wait_for_load_state("networkidle")
    assert asked == [history]


def test_a_screen_reader_finds_its_way_through_a_history(page: Page, history: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(history)
    expect(page).to_have_title(f"SANDBOX · Audit trail · {LONG_DOCUMENT}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(LONG_DOCUMENT)
    for name in ("The document", "Signers", "What happened", "How to check it"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(20)
    table = page.get_by_role("table", name="All that is on record, oldest first. Times are in UTC.")
    expect(table.get_by_role("columnheader")).to_have_text(["Time", "Who", "What"])


def test_a_history_reads_in_light_and_dark(chromium: Browser, history: str) -> None:
    """WCAG 2.2, 1.4.3: text against its ground."""
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(history)
        for place in ("h1", "dt", "dd", "h4", ".outcome .good", "caption", ".sandbox span"):
            ratio = page.locator(place).first.evaluate(_CONTRAST)
            assert ratio >= 4.5, f"{place} in {scheme}: {ratio:.2f}"
        context.close()


_CONTRAST = """element => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(n => n / 255)
      .map(n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element, colours = [];
  while (!colours.length) {
    const style = getComputedStyle(ground);
    const stripes = style.backgroundImage.match(/rgb\\([^)]*\\)/g) || [];
    colours = style.backgroundColor === "rgba(0, 0, 0, 0)" ? stripes : [style.backgroundColor, ...stripes];
    ground = ground.parentElement;
  }
  const ink = light(getComputedStyle(element).color);
  return Math.min(...colours.map(light).map(paper =>
    (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)));
}"""
