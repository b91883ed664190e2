"""How the signature looks: offered where it stands in a field, taken as chosen, refused where it cannot."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from qsignhub.pages.forms import MAX_BYTES
from qsignhub.signature_requests.model import Field
from qsignhub.signing.pades.handwriting import MAX_POINTS, MAX_TEXT
from tests.pages.fake_app import FakeServices, a_request, a_signer

FIELDS = (Field(0, 1, 72, 100, 200, 80, "signature"),)
DRAWING = "600.200_25.120-50.158-92.133"


@pytest.fixture
def page(stage: FakeServices) -> str:
    stage.request = a_request(a_signer(status="verified"), fields=FIELDS)
    return f"/s/{stage.request.signers[0].link_token}"


async def test_it_is_offered_only_for_a_field(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    shown = (await browser.get(page)).text
    assert 'name="drawing"' in shown
    assert 'value="typed"' in shown
    assert "drawing." in shown, "the script"
    for request in (replace(stage.request, fields=()), replace(stage.request, fields=(), summary_mark=True)):
        stage.request = request
        assert 'name="drawing"' not in (await browser.get(page)).text


async def test_a_name_that_cannot_be_typed_is_not_offered(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.change(stage.request.signers[0], name="გიორგი")
    shown = (await browser.get(page)).text
    assert 'value="typed"' not in shown
    assert 'value="drawn"' in shown


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ({}, None),
        ({"written": "plain", "drawing": DRAWING}, None),
        ({"written": "typed", "drawing": DRAWING}, "typed"),
        ({"written": "drawn", "drawing": DRAWING}, DRAWING),
    ],
)
async def test_the_choice_goes_with_the_consent(
    stage: FakeServices, browser: httpx.AsyncClient, page: str, form: dict[str, str], written: str | None
) -> None:
    assert (await browser.post(f"{page}/sign", data=form)).status_code == 303
    assert stage.written == [written]


@pytest.mark.parametrize(
    "drawing", ["", "600.200", "600.200_1.1-2.2", "<script>", "600.200_" + "1.1-" * 3000]
)
async def test_an_unusable_drawing_is_told_and_nothing_is_signed(
    stage: FakeServices, browser: httpx.AsyncClient, page: str, drawing: str
) -> None:
    answer = await browser.post(f"{page}/sign", data={"written": "drawn", "drawing": drawing})
    assert answer.status_code == 422
    assert "Draw your signature, or choose another look." in answer.text
    assert '<details class="look" open>' in answer.text
    assert "<script>alert" not in answer.text
    assert stage.consents == []


async def test_after_another_refusal_the_drawing_is_still_there(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.demand = replace(stage.demand, pin=True)
    answer = await browser.post(f"{page}/sign", data={"written": "drawn", "drawing": DRAWING})
    assert answer.status_code == 422
    assert f'value="{DRAWING}"' in answer.text
    assert 'value="drawn" checked' in answer.text


async def test_the_largest_drawing_fits_the_form(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    drawing = "600.200_" + "-".join(f"{x % 600}.{100 + x % 100}" for x in range(MAX_POINTS))
    assert len(drawing) < MAX_TEXT < MAX_BYTES - 1024
    answer = await browser.post(f"{page}/sign", data={"written": "drawn", "drawing": drawing})
    assert answer.status_code == 303
    assert stage.written == [drawing]


async def test_the_typeface_is_served_as_the_style_sheet_names_it(
    browser: httpx.AsyncClient, page: str
) -> None:
    shown = (await browser.get(page)).text
    sheet = shown.split("/assets/page.", 1)[1].split('"', 1)[0]
    css = (await browser.get(f"/assets/page.{sheet}")).text
    name = css.split('src: url("', 1)[1].split('"', 1)[0]
    font = await browser.get(f"/assets/{name}")
    assert (font.status_code, font.headers["content-type"]) == (200, "font/ttf")
