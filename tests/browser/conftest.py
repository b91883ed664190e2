from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import launched


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module alone: while it is open, its event loop is in the way of asynchronous tests."""
    with launched() as browser:
        yield browser


@pytest.fixture
def complaints() -> list[str]:
    """What the browser found wrong on a page: broken scripts, and what the security policy stopped."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    context.close()
