"""What the signer's trust service wants is asked for on the page, and said when it is missing or refused."""

from __future__ import annotations

import re

import httpx
import pytest

from qsignhub.ceremonies.errors import TrustServiceUnavailable
from qsignhub.ceremonies.trust import Demand
from qsignhub.custody.errors import KeyUnknown
from tests.pages.fake_app import FakeServices, a_request, a_signer


@pytest.fixture
def page(stage: FakeServices) -> str:
    stage.request = a_request(a_signer(status="pending_signature"), mode="live")
    return f"/s/{stage.request.signers[0].link_token}"


async def test_nothing_is_asked_for_where_nothing_is_wanted(browser: httpx.AsyncClient, page: str) -> None:
    shown = (await browser.get(page)).text
    assert "<input" not in shown
    assert "alpha" not in shown


async def test_pin_and_password_have_labels_and_are_never_shown_again(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.demand = Demand(pin=True, otp="offline")
    shown = (await browser.get(page)).text
    assert '<label for="pin">' in shown
    assert '<label for="otp">' in shown
    assert re.search('<input id="pin" name="pin" type="password"', shown)
    assert "<bdi>alpha</bdi>" in shown
    assert f"{page}/otp" not in shown  # it comes from the signer's own device

    missing = await browser.post(f"{page}/sign", data={"pin": "12345678-secret"})
    assert missing.status_code == 422
    assert 'aria-describedby="otp-error" data-focus' in missing.text
    assert "12345678-secret" not in missing.text
    assert stage.consents == []

    signed = await browser.post(f"{page}/sign", data={"pin": "1234", "otp": "567890"})
    assert signed.status_code == 303
    assert stage.entered == [("1234", "567890")]


async def test_a_password_is_sent_when_the_signer_asks_for_it(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.demand = Demand(otp="online")
    assert f'action="{page}/otp"' in (await browser.get(page)).text
    sent = await browser.post(f"{page}/otp")
    assert stage.otps == [stage.request.signers[0].id]
    assert 'role="status"' in sent.text
    assert 'id="otp"' in sent.text


async def test_a_service_that_is_down_is_said_and_can_be_tried_again(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.no_offer = TrustServiceUnavailable("alpha does not answer.")
    shown = await browser.get(page)
    assert shown.status_code == 503
    assert "the trust service does not answer now" in shown.text
    assert "/sign" not in shown.text
    assert f'href="{page}"' in shown.text
    stage.no_offer = None
    assert (await browser.get(page)).status_code == 200


async def test_a_person_whom_the_service_does_not_know_is_told(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.no_offer = KeyUnknown("alpha has no key of this person.")
    shown = await browser.get(page)
    assert shown.status_code == 409
    assert 'role="alert"' in shown.text
    assert "/sign" not in shown.text


async def test_a_refused_pin_is_told_when_the_page_comes_back(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.demand = Demand(pin=True)
    stage.refusal = "SIGNER_AUTHORISATION_REFUSED"
    assert "did not take the PIN" in (await browser.get(page)).text


async def test_who_confirms_at_the_trust_service_is_sent_there(
    stage: FakeServices, browser: httpx.AsyncClient, page: str
) -> None:
    stage.demand = Demand(confirmation=True)
    shown = (await browser.get(page)).text
    assert "<input" not in shown
    assert "<bdi>alpha</bdi>" in shown
    assert (await browser.post(f"{page}/sign")).status_code == 303
    stage.step, stage.awaited = "prepared", True
    waiting = (await browser.get(page)).text
    assert f'href="{page}/confirm"' in waiting
    assert 'data-awaited="true"' in waiting
    there = await browser.get(f"{page}/confirm")
    assert (there.status_code, there.headers["location"]) == (303, "https://qtsp.example/confirm")
    back = await browser.get("/confirmed", params={"state": "known", "code": "c"})
    assert (back.status_code, back.headers["location"]) == (303, page)
    assert (await browser.get("/confirmed", params={"state": "other"})).status_code == 404
    assert (await browser.get("/confirmed")).status_code == 404
