"""The life of a request after it was made: added to, reminded of, cancelled, over."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qsignhub.bootstrap import Services
from tests.journeys.test_bad_input import error_of
from tests.support.customer import REQUESTS, Customer, customer, person
from tests.support.live import LiveService
from tests.support.making import FAIL, SUCCESS, TIMEOUT, make_request, make_scope

JAN = "jan.nowak@company.example"
PHONE = "+48500123456"


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Customer:
    return customer(live_service, "lifecycle")


def test_a_request_is_cancelled_with_a_reason_and_those_invited_are_told(owner: Customer) -> None:
    request = owner.request(person(), person(JAN), signing_order="sequential")
    owner.wait_for_messages(1, request_id=request["id"])
    reason = "Contract terms updated.\nA revised version will be sent shortly."
    answer = owner.cancel(request["id"], reason=reason)
    assert answer.status_code == 200
    cancelled = answer.json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", reason)
    assert cancelled["cancelled_at"] >= request["created_at"]
    assert owner.get(request["id"]) == cancelled
    told = owner.wait_for_messages(2, request_id=request["id"])
    first, _ = (signer["id"] for signer in request["signers"])
    assert [(message["kind"], message["signer_id"]) for message in told] == [
        ("cancellation", first),
        ("invitation", first),
    ], "nobody is told of the end who was not told of the beginning"
    assert "A revised version will be sent shortly." in told[0]["text"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"reason": null}'])
def test_a_request_is_cancelled_without_a_reason(owner: Customer, content: bytes) -> None:
    request = owner.request(person(TIMEOUT))
    answer = owner.client.request("DELETE", f"{REQUESTS}/{request['id']}", content=content)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert "cancel_reason" not in answer.json()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "MALFORMED_JSON"),
        (b'{"reason": 5}', 422, "VALIDATION_FAILED"),
        (b'{"why": "x"}', 422, "VALIDATION_FAILED"),
        (b'{"reason": "%s"}' % (b"x" * 1001), 422, "VALIDATION_FAILED"),
    ],
)
def test_a_wrong_body_cancels_nothing(owner: Customer, content: bytes, status: int, code: str) -> None:
    request = owner.request(person(TIMEOUT))
    error_of(owner.client.request("DELETE", f"{REQUESTS}/{request['id']}", content=content), status, code)
    assert owner.get(request["id"])["status"] == "pending"


def ended(live_service: LiveService, status: str) -> tuple[Customer, dict[str, Any]]:
    """A request that is over, in an account whose clock may move."""
    owner = customer(live_service, f"lifecycle: {status}")
    request = owner.request(person(SUCCESS if status == "completed" else TIMEOUT))
    owner.wait_for_messages(1, request_id=request["id"])
    if status == "cancelled":
        owner.cancel(request["id"])
        owner.wait_for_messages(2, request_id=request["id"])
    elif status == "expired":
        owner.advance(days=31)
    return owner, owner.wait_for(request["id"], status)


@pytest.mark.parametrize("status", ["cancelled", "expired", "completed"])
def test_a_request_that_is_over_moves_no_more(live_service: LiveService, status: str) -> None:
    owner, request = ended(live_service, status)
    signer = request["signers"][0]
    before = owner.messages(request_id=request["id"])
    for answer in (
        owner.cancel(request["id"], reason="Again."),
        owner.add(request["id"], person(JAN)),
        owner.remind(request["id"], signer["id"]),
    ):
        error = error_of(answer, 409, "ILLEGAL_STATE")
        assert error["message"].startswith(f"The signature request is {status}: ")
    for act in ("identify", "sign"):
        page = httpx.post(f"{signer['signing_url']}/{act}", data={"document_number": "AZE123456"})
        assert page.status_code == 410, "the page says so too"
    now = owner.get(request["id"])
    assert (now["status"], len(now["signers"])) == (status, 1)
    assert owner.messages(request_id=request["id"]) == before, "nobody is told anything"


def test_once_somebody_has_signed_nobody_is_added(owner: Customer) -> None:
    request = owner.request(person(SUCCESS), person(TIMEOUT))
    owner.wait_for(request["id"], "in_progress")
    error = error_of(owner.add(request["id"], person(JAN)), 409, "ILLEGAL_STATE")
    assert error["message"].startswith("The signature request is in_progress: ")
    signed, waiting = request["signers"]
    error = error_of(owner.remind(request["id"], signed["id"]), 409, "ILLEGAL_STATE")
    assert error["message"].startswith("The signer is signed: ")
    assert owner.remind(request["id"], waiting["id"]).status_code == 200
    assert owner.cancel(request["id"]).json()["status"] == "cancelled", "as long as somebody is waited for"


def test_an_added_signer_is_invited_and_signs_like_any_other(
    live_service: LiveService, owner: Customer
) -> None:
    request = owner.request(person(TIMEOUT), signature_type="ses")
    answer = owner.add(request["id"], person(JAN, locale="de-DE"))
    assert answer.status_code == 201
    added = answer.json()
    assert (added["email"], added["status"], added["order"]) == (JAN, "pending_signature", 2)
    assert owner.get(request["id"])["signers"][1] == added
    (message,) = owner.wait_for_messages(1, signer_id=added["id"])
    assert (message["kind"], message["to"]) == ("invitation", JAN)
    assert added["signing_url"] in message["text"]
    live_service.sign(added["signing_url"])
    owner.wait_for_signer(request["id"], "signed", 1)


def test_a_signer_added_in_sequence_waits_for_the_turn(owner: Customer) -> None:
    request = owner.request(person(TIMEOUT), signing_order="sequential")
    added = owner.add(request["id"], person(JAN)).json()
    assert httpx.post(f"{added['signing_url']}/sign").status_code == 409
    error_of(owner.remind(request["id"], added["id"]), 409, "NOT_YOUR_TURN")
    before = owner.add(request["id"], person("first@company.example", order=1)).json()
    owner.wait_for_messages(1, signer_id=before["id"])
    assert owner.messages(signer_id=added["id"]) == []


def test_twenty_signers_are_the_most(owner: Customer) -> None:
    request = owner.request(*[person(f"s{n}@company.example") for n in range(19)])
    assert owner.add(request["id"], person(JAN)).status_code == 201
    error = error_of(owner.add(request["id"], person(JAN)), 409, "ILLEGAL_STATE")
    assert "it has 20 signers already" in error["message"]
    for count in (0, 21):
        answer = owner.ask_for(*[person(f"s{n}@company.example") for n in range(count)])
        assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == "signers"


def test_a_signer_cannot_be_added_below_the_level(owner: Customer) -> None:
    request = owner.request(person(TIMEOUT))
    answer = owner.add(request["id"], person(JAN, identity_verification={"method": "sms_otp"}))
    error = error_of(answer, 422, "IDENTITY_METHOD_TOO_WEAK")
    assert error["field"] == "identity_verification.method"
    assert [problem["field"] for problem in error["fields"]] == ["identity_verification.method", "phone"]
    assert len(owner.get(request["id"])["signers"]) == 1


def test_a_check_is_pending_then_verified_or_failed(live_service: LiveService, owner: Customer) -> None:
    request = owner.request(person(), person(FAIL))
    found = owner.verification(request)
    assert found == {
        "signer_id": request["signers"][0]["id"],
        "verification_status": "pending",
        "method_used": "video_id",
        "verified_at": None,
        "identity": None,
        "liveness_check": None,
    }
    live_service.identify(request["signers"][0]["signing_url"], "LOWSCORE01")
    assert owner.verification(request)["verification_status"] == "failed"
    live_service.identify(request["signers"][0]["signing_url"])
    found = owner.verification(request)
    assert (found["verification_status"], found["liveness_check"]) == ("verified", True)
    assert "failure_reason" not in found, "nothing is left of the first try"
    assert "failure" not in owner.get(request["id"])["signers"][0]
    owner.wait_for_signer(request["id"], "verification_failed", 1)
    assert owner.verification(request, 1)["verification_status"] == "failed"


async def test_a_check_is_in_progress_while_the_sandbox_plays_it(services: Services) -> None:
    """No worker is there: what is about to be played stays so."""
    scope = await make_scope(services)
    request = await make_request(services, scope, [SUCCESS, FAIL, TIMEOUT], order="sequential")
    together = await make_request(services, scope, [SUCCESS, FAIL, TIMEOUT])

    async def states(each: Any) -> list[str]:
        async with services.database.transaction() as tx:
            return [
                (await services.ceremonies.verification(tx, scope, each.id, signer.id))[1]
                for signer in each.signers
            ]

    assert await states(request) == ["in_progress", "pending", "pending"], "each in turn"
    assert await states(together) == ["in_progress", "in_progress", "pending"]


def test_three_reminders_a_day_apart(live_service: LiveService) -> None:
    owner = customer(live_service, "reminders")
    request = owner.request(person(phone=PHONE))
    signer = request["signers"][0]["id"]
    channels = ("email", "sms", "both")
    for number, channel in enumerate(channels):
        sent = owner.remind(request["id"], signer, channel=channel, message="Until Friday, please.")
        assert sent.status_code == 200, sent.text
        assert (sent.json()["channel"], sent.json()["reminders_left"]) == (channel, 2 - number)
        if number < 2:
            owner.advance(seconds=86_400 - 60)
            error = error_of(owner.remind(request["id"], signer), 422, "REMINDER_TOO_SOON")
            assert "24 hours" in error["message"]
            owner.advance(seconds=60)
    owner.advance(days=2)
    error_of(owner.remind(request["id"], signer), 422, "REMINDER_LIMIT_REACHED")
    told = owner.wait_for_messages(5, request_id=request["id"])
    assert sorted((message["kind"], message["channel"]) for message in told) == [
        ("invitation", "email"),
        *[("reminder", "email")] * 2,
        *[("reminder", "sms")] * 2,
    ]
    assert all(
        "Until Friday, please." in message["text"]
        for message in told
        if (message["kind"], message["channel"]) == ("reminder", "email")
    )


def test_a_reminder_that_cannot_be_sent_is_not_counted(owner: Customer) -> None:
    request = owner.request(person())
    signer = request["signers"][0]["id"]
    for channel in ("sms", "both"):
        error = error_of(owner.remind(request["id"], signer, channel=channel), 422, "PHONE_REQUIRED")
        assert error["field"] == "channel"
    error_of(owner.remind(request["id"], signer, channel="pigeon"), 422, "VALIDATION_FAILED")
    error_of(owner.remind(request["id"], signer, message="x" * 1001), 422, "VALIDATION_FAILED")
    path = f"{REQUESTS}/{request['id']}/signers/{signer}/remind"
    assert owner.client.post(path).json()["reminders_left"] == 2, "the body may be left out"
    error_of(owner.client.post(path), 422, "REMINDER_TOO_SOON")


def test_who_has_signed_is_not_reminded(owner: Customer) -> None:
    request = owner.request(person(SUCCESS), person(TIMEOUT))
    owner.wait_for_signer(request["id"], "signed")
    error = error_of(owner.remind(request["id"], request["signers"][0]["id"]), 409, "ILLEGAL_STATE")
    assert "The signer is signed" in error["message"]


def test_a_simple_signature_in_sequence_shows_who_is_first(owner: Customer) -> None:
    first, second = person(), person("john.smith@company.example")
    made = owner.request(first, second, signature_type="ses", signing_order="sequential")
    for url in (made["signers"][1]["signing_url"], made["signing_url"]):
        page = httpx.get(url)
        assert page.status_code == 200, url
        assert "not signed yet" in page.text
