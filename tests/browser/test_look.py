"""What a page looks like and does at each size, in light and dark, on a stage where time stands still."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qsignhub.signature_requests.states import SignerStatus
from tests.pages.fake_app import FakeServices, a_document, a_request, a_signer, advance, served

pytestmark = pytest.mark.browser
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Müller von und zu Hohenz"
LONG_DOCUMENT = "Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung, Nachtrag 3"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[FakeServices]:
    services = FakeServices(tmp_path, document=a_document(LONG_DOCUMENT))
    with served(services):
        yield services


def address(stage: FakeServices) -> str:
    return f"{stage.base_url}/s/{stage.request.signers[0].link_token}"


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_runs_off_the_page(
    stage: FakeServices, page: Page, complaints: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    statuses: tuple[SignerStatus, ...] = (
        "pending_verification",
        "verification_failed",
        "verified",
        "signing",
        "signed",
        "failed",
    )
    for status in statuses:
        stage.request = a_request(
            a_signer(LONG_NAME, status), redirect_url=f"https://{'long-' * 12}.example/"
        )
        page.goto(address(stage))
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, status
    assert complaints == []


def test_on_a_phone_the_action_is_at_the_thumb(stage: FakeServices, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    stage.request = a_request(a_signer(LONG_NAME, "verified"))
    page.goto(address(stage))
    button = page.get_by_role("button", name=f"Sign as {LONG_NAME}")
    box = button.bounding_box()
    assert box is not None
    assert 640 / 2 < box["y"] < 640 - box["height"]
    assert box["height"] >= 48
    expect(page.get_by_role("img").first).to_be_in_viewport()


def test_steps_are_shown_as_they_happen(stage: FakeServices, page: Page, complaints: list[str]) -> None:
    stage.request = a_request(a_signer(status="signing"))
    stage.step = "authorised"
    page.goto(address(stage))
    now = page.get_by_role("status")
    expect(now).to_have_text("Now: Issuing your certificate")
    advance(stage)
    expect(now).to_have_text("Now: Preparing the document, byte by byte")
    expect(page.get_by_role("listitem").filter(has_text="Issuing your certificate")).to_contain_text("done")
    while advance(stage):
        pass
    expect(page).to_have_title(re.compile("^SANDBOX · Signed"))
    assert complaints == []


def test_the_error_of_a_field_is_found_by_who_cannot_see_it(stage: FakeServices, page: Page) -> None:
    page.goto(address(stage))
    page.get_by_role("button", name="Identify").click()
    field = page.get_by_label("Test document number")
    expect(page).to_have_title(re.compile("Error: "))
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("^Enter the number of a test document"))
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_screen_reader_finds_its_way(stage: FakeServices, page: Page) -> None:
    page.goto(address(stage))
    expect(page.locator("body")).to_match_aria_snapshot("""
        - link "Skip to what you can do"
        - banner:
          - heading /You are asked to sign Grundstücks/ [level=1]
          - list "How far you are"
        - main:
          - region "The document":
            - heading "The document" [level=2]
            - img /Page 1 of 4 of Grundstücks/
          - region "Read, then identify yourself":
            - heading "Read, then identify yourself" [level=2]
            - textbox "Test document number"
            - button "Identify"
        - contentinfo
    """)


def test_motion_stops_where_it_is_not_wanted(stage: FakeServices, chromium: Browser) -> None:
    for wanted, duration in (("no-preference", "0.12s"), ("reduce", "0s")):
        context = chromium.new_context(reduced_motion="reduce" if wanted == "reduce" else "no-preference")
        page = context.new_page()
        page.goto(address(stage))
        shown = page.get_by_role("button").evaluate("button => getComputedStyle(button).transitionDuration")
        assert shown == duration
        context.close()
