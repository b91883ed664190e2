"""Images of pages, the original, assets, and the overview of a request."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.pages.fake_app import FakeServices, a_document, a_request, a_signer, asking


def link(stage: FakeServices) -> str:
    return f"/s/{stage.request.signers[0].link_token}"


@pytest.mark.parametrize(("query", "width"), [("", 800), ("?width=800", 800), ("?width=1600", 1600)])
async def test_a_page_is_an_image_of_a_known_width(
    stage: FakeServices, browser: httpx.AsyncClient, query: str, width: int
) -> None:
    answer = await browser.get(f"{link(stage)}/pages/2.png{query}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["Cache-Control"].startswith("private")
    assert Image.open(io.BytesIO(answer.content)).width == width
    assert stage.rendered == [(2, width)]


async def test_an_image_that_the_browser_has_is_not_drawn_again(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    first = await browser.get(f"{link(stage)}/pages/1.png")
    again = await browser.get(f"{link(stage)}/pages/1.png", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert len(stage.rendered) == 1


@pytest.mark.parametrize("image", ["0.png", "5.png", "99999999.png", "x.png", "1.png?width=801", "-1.png"])
async def test_what_is_no_page_of_the_document_is_not_drawn(
    stage: FakeServices, browser: httpx.AsyncClient, image: str
) -> None:
    assert (await browser.get(f"{link(stage)}/pages/{image}")).status_code == 404
    assert stage.rendered == []


async def test_the_original_is_kept_as_a_file_under_its_own_name(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    stage.document = replace(stage.document, name='Änderung"; x\r\ny')
    answer = await browser.get(f"{link(stage)}/document.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''%C3%84nderung%22%3B%20x%0D%0Ay.pdf"
    )


async def test_a_long_document_is_shown_in_parts(tmp_path: Path) -> None:
    services = FakeServices(tmp_path, document=a_document(pages=120))
    async with asking(services) as client:
        first = (await client.get(link(services))).text
        last = (await client.get(f"{link(services)}?from=101")).text
    assert first.count("<img") == 50
    assert "?from=51" in first
    assert last.count("<img") == 20
    assert 'alt="Page 120 of 120 of' in last
    assert "?from=51" in last


async def test_the_overview_names_people_and_shows_no_address(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    stage.request = a_request(
        a_signer("Anna Kowalska", "signed"), a_signer("<b>John", order=2), status="in_progress"
    )
    text = (await browser.get(f"/r/{stage.request.link_token}")).text
    assert "1 of 2 have signed." in text
    assert "Anna Kowalska" in text
    assert "&lt;b&gt;John" in text
    assert "company.example" not in text
    assert "<form" not in text
    for signer in stage.request.signers:
        assert signer.link_token not in text


async def test_the_overview_of_a_request_for_one_leads_to_that_one(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get(f"/r/{stage.request.link_token}")
    assert (answer.status_code, answer.headers["location"]) == (303, link(stage))


async def test_assets_are_kept_by_browsers_under_the_name_of_their_content(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    text = (await browser.get(link(stage))).text
    sheet = text.split('href="/assets/page.')[1].split('"')[0]
    answer = await browser.get(f"/assets/page.{sheet}")
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    for wrong in ("page.css", "page.000000000000.css", "..%2Ftexts.py", "%2e%2e%2frouting.py"):
        assert (await browser.get(f"/assets/{wrong}")).status_code == 404
