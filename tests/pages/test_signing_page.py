"""Each state of a signer's page, what may be done in it, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from qsignhub.foundation.database import DatabaseUnavailable
from qsignhub.pages.forms import MAX_BYTES
from qsignhub.pages.page_route import CONTENT_SECURITY_POLICY
from qsignhub.signature_requests.model import SignatureRequest
from tests.pages.fake_app import NOW, FakeServices, a_document, a_request, a_signer, advance, asking

HOSTILE = '<script>alert("x")</script>'
STATES: dict[str, SignatureRequest] = {
    "identify": a_request(),
    "identity refused": a_request(
        replace(a_signer(status="verification_failed"), failure_message="The document has expired.")
    ),
    "sign": a_request(a_signer(status="verified")),
    "signing": a_request(a_signer(status="signing")),
    "sealing": a_request(a_signer(status="signed"), status="in_progress"),
    "others sign": a_request(a_signer(status="signed"), a_signer("B", order=2), status="in_progress"),
    "completed": a_request(a_signer(status="signed"), status="completed", completed_at=NOW),
    "failed": a_request(replace(a_signer(status="failed"), failure_code="CERTIFICATE_REVOKED")),
    "failed otherwise": a_request(
        replace(a_signer(status="failed"), failure_code="NEW", failure_message="Why not.")
    ),
    "cancelled": a_request(status="cancelled"),
    "expired": a_request(status="expired"),
    "past its end": a_request(expires_at=NOW - timedelta(seconds=1)),
    "live": a_request(mode="live"),
    "live, sign": a_request(a_signer(status="verified"), mode="live"),
}


def link(stage: FakeServices, position: int = 0) -> str:
    return f"/s/{stage.request.signers[position].link_token}"


async def test_every_state_can_be_shown_and_says_whether_it_is_a_test(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    for name, request in STATES.items():
        stage.request = request
        answer = await browser.get(link(stage))
        assert answer.status_code == 200, name
        title = re.search("<title>(.*)</title>", answer.text)
        assert title is not None
        assert title[1].startswith("SANDBOX") == (request.scope.mode == "test"), name
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "signer1@company.example" not in answer.text
        assert " style=" not in answer.text, "the policy forbids inline styles"
        assert " on" not in re.sub(">[^<]*<", "><", answer.text), "the policy forbids inline scripts"


async def test_the_way_from_reading_to_the_download(stage: FakeServices, browser: httpx.AsyncClient) -> None:
    stage.request = replace(stage.request, redirect_url="https://yourapp.example/contract/success")
    page = link(stage)
    assert 'alt="Page 4 of 4 of Q1 2025 Service Agreement"' in (await browser.get(page)).text

    refused = await browser.post(f"{page}/identify", data={"document_number": "FAIL000001"})
    assert (refused.status_code, refused.headers["location"]) == (303, page)
    again = (await browser.get(page)).text
    assert "The identity document has expired." in again
    assert 'aria-invalid="true" aria-describedby="document_number-error"' in again

    accepted = await browser.post(f"{page}/identify", data={"document_number": " aze123456 "})
    assert (accepted.status_code, accepted.headers["location"]) == (303, page)
    ready = (await browser.get(page)).text
    assert "Sign as <bdi>Anna Kowalska</bdi>" in ready
    assert "no legal value" in ready

    signed = await browser.post(f"{page}/sign", headers={"User-Agent": "a" * 2000})
    assert (signed.status_code, signed.headers["location"]) == (303, page)
    assert stage.consents == [("127.0.0.1", "a" * 512)]

    seen = []
    while advance(stage):
        seen.append((await browser.get(f"{page}/progress")).json()["steps_done"])
    assert seen == [2, 3, 4, 5, 6, 7]
    assert (await browser.get(f"{page}/progress")).json() == {
        "state": "signed",
        "completed": True,
        "steps_done": 0,
        "awaited": False,
        "signed_count": 1,
    }
    done = (await browser.get(page)).text
    assert f"/docs/{stage.request.id}/signed.pdf?" in done
    assert 'href="https://yourapp.example/contract/success"' in done
    assert "Continue to <bdi>yourapp.example</bdi>" in done


async def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    for name, request in STATES.items():
        hostile = tuple(
            replace(signer, name=HOSTILE, failure_message=signer.failure_message and HOSTILE)
            for signer in request.signers
        )
        services = FakeServices(
            tmp_path,
            request=replace(request, signers=hostile, redirect_url='https://a.example/"><script>'),
            document=replace(a_document(HOSTILE), locale='de"><script>'),
        )
        async with asking(services) as client:
            text = (await client.get(link(services))).text
        inline = [tag for tag in re.findall("<script[^>]*>", text) if "src=" not in tag]
        assert not inline, name
        assert "&lt;script&gt;" in text, name


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://evil.example\\@bank.example/",
        "https:///nowhere",
        "//evil.example",
        "https://a.example/\n",
        "https://[broken",
        "ftp://a.example/",
    ],
)
async def test_a_destination_that_is_not_plainly_the_web_is_no_link(
    stage: FakeServices, browser: httpx.AsyncClient, url: str
) -> None:
    stage.request = replace(STATES["completed"], redirect_url=url)
    text = (await browser.get(link(stage))).text
    assert "Continue to" not in text
    assert "evil.example" not in text


async def test_the_host_shown_is_the_host_visited(stage: FakeServices, browser: httpx.AsyncClient) -> None:
    stage.request = replace(STATES["completed"], redirect_url="https://bank.example@evil.example/")
    assert "Continue to <bdi>evil.example</bdi>" in (await browser.get(link(stage))).text


async def test_an_unknown_link_is_a_page_with_404(stage: FakeServices, browser: httpx.AsyncClient) -> None:
    unknown = "/s/" + "A" * 32
    answers = [
        await browser.get(unknown),
        await browser.get(f"{unknown}/progress"),
        await browser.get(f"{unknown}/pages/1.png"),
        await browser.get(f"{unknown}/document.pdf"),
        await browser.post(f"{unknown}/identify", data={"document_number": "AZE123456"}),
        await browser.post(f"{unknown}/sign"),
        await browser.get("/r/" + "A" * 32),
        await browser.get("/s/%22%3E%3Cscript%3E"),
        await browser.get(f"/s/{'A' * 129}"),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert re.search(r"req_[0-9A-Za-z]{16}", answer.text)


async def test_case_31_a_spent_link_signs_nothing_and_says_so(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    stage.request = STATES["completed"]
    for act in ("sign", "identify"):
        answer = await browser.post(f"{link(stage)}/{act}", data={"document_number": "AZE123456"})
        assert answer.status_code == 410
        assert "Nothing was signed a second time." in answer.text
    assert stage.consents == []


@pytest.mark.parametrize("state", ["cancelled", "expired", "past its end"])
async def test_a_closed_request_takes_nothing_and_shows_no_document(
    stage: FakeServices, browser: httpx.AsyncClient, state: str
) -> None:
    stage.request = STATES[state]
    assert (await browser.post(f"{link(stage)}/sign")).status_code == 410
    assert "<img" not in (await browser.get(link(stage))).text
    assert (await browser.get(f"{link(stage)}/pages/1.png")).status_code == 410
    assert (await browser.get(f"{link(stage)}/document.pdf")).status_code == 410


async def test_case_39_the_second_signer_waits_for_the_first(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    stage.request = a_request(a_signer("Anna Kowalska"), a_signer("John Smith", "verified", order=2))
    second = link(stage, 1)
    waiting = (await browser.get(second)).text
    assert "It is not your turn yet" in waiting
    assert "Anna Kowalska" in waiting
    assert "Sign as" not in waiting
    for act in ("sign", "identify"):
        answer = await browser.post(f"{second}/{act}", data={"document_number": "AZE123456"})
        assert answer.status_code == 409
        assert "somebody else signs before you" in answer.text
    stage.finish_signing(stage.request.signers[0], completed=False)
    assert "Sign as <bdi>John Smith</bdi>" in (await browser.get(second)).text


async def test_signing_before_identifying_is_a_conflict(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    answer = await browser.post(f"{link(stage)}/sign")
    assert answer.status_code == 409
    assert "your identity has to be verified first" in answer.text
    assert "Error: " in answer.text


async def test_case_40_forms_sent_twice_do_their_work_once(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    for _ in range(2):
        answer = await browser.post(f"{link(stage)}/identify", data={"document_number": "AZE123456"})
        assert answer.status_code == 303
    for _ in range(2):
        assert (await browser.post(f"{link(stage)}/sign")).status_code == 303
    assert len(stage.consents) == 1


@pytest.mark.parametrize(
    ("number", "words"), [("NOBODY", "does not know this number"), ("", "Enter the number")]
)
async def test_an_unknown_test_document_is_told_at_its_field(
    stage: FakeServices, browser: httpx.AsyncClient, number: str, words: str
) -> None:
    answer = await browser.post(f"{link(stage)}/identify", data={"document_number": number})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{number}"' in answer.text
    assert 'aria-describedby="document_number-error"' in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"document_number=" + b"A" * MAX_BYTES, "application/x-www-form-urlencoded", 413),
        (b"document_number=\xff", "application/x-www-form-urlencoded", 400),
        (b"document_number=%FF", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 400),
    ],
)
async def test_a_form_that_is_none_of_ours_is_refused(
    stage: FakeServices, browser: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    for act in ("identify", "sign"):
        answer = await browser.post(f"{link(stage)}/{act}", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status
        assert "Nothing was changed and nothing was signed." in answer.text


async def test_a_fault_of_ours_shows_no_innards(stage: FakeServices, browser: httpx.AsyncClient) -> None:
    stage.fault = DatabaseUnavailable("connection to 10.0.0.7 failed")
    answer = await browser.get(link(stage))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "10.0.0.7" not in answer.text
    stage.fault = ZeroDivisionError("secret innards")
    answer = await browser.get(link(stage))
    assert answer.status_code == 500
    assert "innards" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_form_address_opened_by_hand_leads_to_the_page(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    for act in ("identify", "sign"):
        answer = await browser.get(f"{link(stage)}/{act}")
        assert (answer.status_code, answer.headers["location"]) == (303, link(stage))


async def test_links_keep_the_path_under_which_the_service_is_reached(
    stage: FakeServices, browser: httpx.AsyncClient
) -> None:
    page = link(stage)
    stage.base_url = "https://company.example/signing/"
    text = (await browser.get(page)).text
    assert f'action="/signing{page}/identify"' in text
    assert 'href="/signing/assets/page.' in text
    answer = await browser.post(f"{page}/identify", data={"document_number": "AZE123456"})
    assert answer.headers["location"] == f"/signing{page}"
