"""The documentation in a browser: each size, light and dark, by keyboard, with and without scripts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from qsignhub.docs.guides import guides
from tests.conftest import free_port
from tests.docs.stage import documentation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(documentation(base_url), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield base_url
    server.should_exit = True
    thread.join(30)


def paths(address: str) -> list[str]:
    of_guides = [f"/docs/{slug}" for slug in guides(address) if slug != "index"]
    return ["/docs", *of_guides, "/docs/errors", "/docs/errors/CERTIFICATE_REVOKED", "/docs/api", "/docs/no"]


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_runs_off_the_page(address: str, page: Page, complaints: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in paths(address):
        page.goto(address + path)
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, path
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(address: str, chromium: Browser, scheme: str) -> None:
    """Contrast of 4.5 and more (WCAG 2.2, 1.4.3), for each colour of text on each page."""
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    for path in paths(address):
        page.goto(address + path)
        least = page.evaluate(_LEAST_CONTRAST)
        assert least["ratio"] >= 4.5, (path, least)
    context.close()


def test_it_is_read_with_the_keyboard_alone(address: str, page: Page) -> None:
    page.goto(f"{address}/docs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("button", name="Copy").first).to_be_focused()
    page.goto(f"{address}/docs/webhooks")
    current = page.get_by_role("navigation", name="Documentation").locator("[aria-current=page]")
    expect(current).to_have_text("Webhooks")


def test_code_is_copied_as_it_stands(address: str, chromium: Browser) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/docs/webhooks")
    code = page.locator("figure.code").filter(has_text="verify_webhook")
    code.get_by_role("button", name="Copy").click()
    expect(code.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == code.locator("code").text_content()
    assert "def verify_webhook(payload: bytes" in copied
    context.close()


def test_it_is_read_without_scripts(address: str, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{address}/docs")
    expect(page.get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="All pages").click()
    page.get_by_role("link", name="API reference", exact=True).last.click()
    expect(page.get_by_role("heading", name="API reference", level=1)).to_be_visible()
    page.get_by_text("Errors: ").first.click()
    expect(page.get_by_role("link", name="API_KEY_INVALID").first).to_be_visible()
    context.close()


_LEAST_CONTRAST = """() => {
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  let least = { ratio: 21 };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const a = luminance(parts(getComputedStyle(element).color)), b = luminance(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least.ratio) least = { ratio, text: element.textContent.trim().slice(0, 60) };
  }
  return least;
}"""
