"""A person signs in a browser, on the whole service."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveService

pytestmark = pytest.mark.browser
PATIENCE = 30_000


def test_a_person_reads_identifies_and_signs(
    live_service: LiveService, page: Page, complaints: list[str]
) -> None:
    request = live_service.request("anna.kowalska@company.example")
    page.goto(request["signers"][0]["signing_url"])
    expect(page).to_have_title(re.compile("^SANDBOX · Read and identify"))
    image = page.get_by_role("img", name=re.compile("^Page 1 of 1 of "))
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 800

    page.get_by_label("Test document number").fill("LOWSCORE01")
    page.get_by_role("button", name="Identify").click()
    field = page.get_by_label("Test document number")
    expect(field).to_have_accessible_description(re.compile("The face does not match"))

    field.fill("AZE123456")
    page.get_by_role("button", name="Identify").click()
    name = request["signers"][0]["name"]
    page.get_by_role("button", name=f"Sign as {name}").click()

    download_link = page.get_by_role("link", name="Download the signed document")
    expect(download_link).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as kept:
        download_link.click()
    assert kept.value.path().read_bytes() == live_service.download(request["id"])
    assert complaints == []


def test_it_is_done_with_the_keyboard_alone(live_service: LiveService, page: Page) -> None:
    request = live_service.request("keyboard@company.example")
    page.goto(request["signers"][0]["signing_url"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to what you can do")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Test document number")).to_be_focused()
    page.keyboard.type("AZE123456")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name=re.compile("^Sign as"))
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You have signed").first).to_be_visible(timeout=PATIENCE)


def test_it_is_done_without_scripts(live_service: LiveService, chromium: Browser) -> None:
    request = live_service.request("noscript@company.example")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(request["signers"][0]["signing_url"])
    page.get_by_label("Test document number").fill("AZE123456")
    page.get_by_role("button", name="Identify").click()
    page.get_by_role("button", name=re.compile("^Sign as")).click()
    expect(page.get_by_role("link", name="Download the signed document")).to_be_visible(timeout=PATIENCE)
    context.close()


def test_an_unknown_link_is_explained(live_service: LiveService, page: Page) -> None:
    answer = page.goto(f"{live_service.base_url}/s/{'A' * 32}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="This link is not known")).to_be_visible()
    expect(page.get_by_text(re.compile("req_[0-9A-Za-z]{16}"))).to_be_visible()


def test_two_people_in_order_see_whose_turn_it_is(live_service: LiveService, page: Page) -> None:
    request = live_service.request(
        "first@company.example", "second@company.example", signing_order="sequential"
    )
    first, second = (signer["signing_url"] for signer in request["signers"])
    page.goto(second)
    expect(page.get_by_role("heading", name="It is not your turn yet")).to_be_visible()
    live_service.identify(first)
    live_service.sign(first)
    live_service.wait_for_signer(request["id"], 0, "signed")
    page.goto(request["signing_url"])
    expect(page.get_by_text("1 of 2 have signed.")).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text("@")
    page.goto(second)
    expect(page.get_by_label("Test document number")).to_be_visible()
