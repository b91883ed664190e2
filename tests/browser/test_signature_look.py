"""Drawing and typing a signature in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qsignhub.signature_requests.model import Field
from qsignhub.signing.pades.handwriting import MAX_POINTS, Handwriting
from tests.pages.fake_app import FakeServices, a_request, a_signer, served

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[FakeServices]:
    services = FakeServices(tmp_path)
    services.request = a_request(
        a_signer(status="verified"), fields=(Field(0, 1, 72, 100, 200, 80, "signature"),)
    )
    with served(services):
        yield services


def opened(stage: FakeServices, page: Page) -> None:
    page.goto(f"{stage.base_url}/s/{stage.request.signers[0].link_token}")
    page.locator("summary", has_text="How your signature looks").click()


def draw(page: Page, *places: tuple[float, float]) -> None:
    """A stroke; places are parts of the pad's width and height."""
    pad = page.locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_what_is_drawn_is_what_is_signed(
    stage: FakeServices, page: Page, complaints: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(stage, page)
    draw(page, (0.1, 0.5), (0.5, 0.2), (0.7, 0.8))
    draw(page, (0.2, 0.9), (0.8, 0.9))
    expect(page.get_by_role("radio", name="With your own hand")).to_be_checked()
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond == 0
    page.get_by_role("button", name="Sign as Anna Kowalska").click()
    expect(page).to_have_title("SANDBOX · Signing: Q1 2025 Service Agreement")
    (written,) = stage.written
    assert written is not None
    drawing = Handwriting.parse(written)
    assert (drawing.width, drawing.height, len(drawing.strokes)) == (600, 200, 2)
    assert drawing.bounds == pytest.approx((60, 40, 480, 180), abs=4)
    assert complaints == []


def test_a_drawing_can_be_cleared_and_an_empty_one_is_told(stage: FakeServices, page: Page) -> None:
    opened(stage, page)
    draw(page, (0.1, 0.5), (0.5, 0.2))
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Sign as Anna Kowalska").click()
    expect(page.get_by_role("alert")).to_have_text("Draw your signature, or choose another look.")
    draw(page, (0.1, 0.5), (0.5, 0.2))
    page.get_by_role("button", name="Sign as Anna Kowalska").click()
    expect(page).to_have_title("SANDBOX · Signing: Q1 2025 Service Agreement")


def test_by_keyboard_alone_the_name_is_typed(stage: FakeServices, page: Page, complaints: list[str]) -> None:
    opened(stage, page)
    page.get_by_role("radio", name="Name and date in plain letters").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_title("SANDBOX · Signing: Q1 2025 Service Agreement")
    assert stage.written == ["typed"]
    assert complaints == []


def test_a_long_scrawl_stays_within_the_bounds(stage: FakeServices, page: Page) -> None:
    opened(stage, page)
    for turn in range(12):
        draw(page, *((0.05 + 0.9 * (step % 2), 0.1 + 0.02 * step + 0.01 * turn) for step in range(40)))
    drawing = Handwriting.parse(page.locator("[name=drawing]").input_value())
    assert 100 < sum(map(len, drawing.strokes)) <= MAX_POINTS


def test_without_scripts_there_is_no_pad_and_the_rest_works(stage: FakeServices, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    opened(stage, page)
    expect(page.locator("canvas")).to_be_hidden()
    page.get_by_role("radio", name="With your name").check()
    page.get_by_role("button", name="Sign as Anna Kowalska").click()
    page.wait_for_url("**/s/*")
    assert stage.written == ["typed"]
    context.close()
