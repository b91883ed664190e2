"""Section 06: a signer added, verified and reminded as printed."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import pytest_asyncio

from qsignhub.api.v1.schemas.signers import SignerVerification, VerifiedIdentity
from tests.contract import printed
from tests.contract.world import VERIFIED, World
from tests.support.making import FAIL, TIMEOUT

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/signature-requests"
VERIFICATION = "06-verification-response.json"
METHODS = ["video_id", "eidas_idp", "bank_id", "sms_otp"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def request_(world: World) -> dict[str, Any]:
    return await world.printed_request()


async def test_the_methods_are_the_printed_ones() -> None:
    assert " · ".join(METHODS) in printed.text("06-signer-fields.txt")


@pytest.mark.parametrize(
    ("method", "locale"), [*zip(METHODS, ["en-GB", "de-DE", "pl-PL", "en-GB"], strict=True)]
)
async def test_a_signer_is_added_with_the_printed_fields(world: World, method: str, locale: str) -> None:
    created = await world.request(TIMEOUT, signature_type="ses")
    body = {
        "name": "Anna Kowalska",
        "email": "anna.kowalska@company.com",
        "phone": "+48500123456",
        "identity_verification": {"method": method, "country": "PL"},
        "locale": locale,
    }
    given = world.told(await world.client.post(f"{PATH}/{created['id']}/signers", json=body), 201)
    signer = printed.example("04-create-response.json")["signers"][0]
    assert printed.deviations(signer, given) == []
    shown = await world.get(f"{PATH}/{created['id']}")
    assert [each["id"] for each in shown["signers"]] == [created["signers"][0]["id"], given["id"]]


async def test_the_new_signer_receives_an_invitation_link(world: World) -> None:
    created = await world.request("first@company.com")
    body = {"name": "New", "email": "new@company.com"}
    given = world.told(await world.client.post(f"{PATH}/{created['id']}/signers", json=body), 201)
    messages = [
        message
        for message in await world.messages(created["id"], "invitation", 2)
        if message["to"] == "new@company.com"
    ]
    assert len(messages) == 1
    assert given["signing_url"] in messages[0]["text"]


async def test_a_signer_is_added_to_a_pending_request_only(world: World) -> None:
    created = await world.request(TIMEOUT)
    world.told(await world.client.delete(f"{PATH}/{created['id']}"), 200)
    body = {"name": "New", "email": "new@company.com"}
    answer = await world.client.post(f"{PATH}/{created['id']}/signers", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ILLEGAL_STATE")


@pytest.mark.parametrize("field", ["name", "email"])
async def test_name_and_email_are_required(world: World, request_: dict[str, Any], field: str) -> None:
    body = {"name": "New", "email": "new@company.com"}
    del body[field]
    answer = await world.client.post(f"{PATH}/{request_['id']}/signers", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_a_code_by_sms_needs_a_phone(world: World) -> None:
    created = await world.request(TIMEOUT, signature_type="ses")
    body = {"name": "New", "email": "new@company.com", "identity_verification": {"method": "sms_otp"}}
    answer = await world.client.post(f"{PATH}/{created['id']}/signers", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "phone")


async def test_a_verified_signer_is_shown_as_printed(world: World, request_: dict[str, Any]) -> None:
    anna = request_["signers"][0]
    world.clock.at(VERIFIED)
    await world.identify(anna["signing_url"])
    given = await world.get(f"{PATH}/{request_['id']}/signers/{anna['id']}/verification")
    expected = printed.example(VERIFICATION)
    assert printed.deviations(expected, given) == []
    for name in ("verification_status", "method_used", "verified_at", "liveness_check"):
        assert given[name] == expected[name]
    assert given["signer_id"] == anna["id"]
    assert given["identity"] == expected["identity"] | {
        "full_name": anna["name"].upper(),
        "document_expiry": given["identity"]["document_expiry"],
        "match_score": 0.98,  # section 10 has it so of the document AZE123456
    }


async def test_a_signer_who_has_not_begun_is_pending(world: World) -> None:
    created = await world.request("nobody@company.com")
    path = f"{PATH}/{created['id']}/signers/{created['signers'][0]['id']}/verification"
    given = await world.get(path)
    assert given.keys() >= printed.example(VERIFICATION).keys()
    assert (given["verification_status"], given["verified_at"], given["identity"]) == ("pending", None, None)


async def test_a_signer_whose_check_failed_has_failed(world: World) -> None:
    created = await world.request(FAIL)
    await world.wait_for_signer(created["id"], "verification_failed")
    path = f"{PATH}/{created['id']}/signers/{created['signers'][0]['id']}/verification"
    assert (await world.get(path))["verification_status"] == "failed"


async def test_the_answers_know_the_printed_alternatives_and_no_others() -> None:
    named = printed.alternatives(VERIFICATION)
    status = SignerVerification.model_fields["verification_status"].annotation
    kind = VerifiedIdentity.model_fields["document_type"].annotation
    assert set(get_args(status)) == named["verification_status"]
    assert set(get_args(kind)) == named["document_type"]


async def test_a_reminder_takes_the_printed_body(world: World) -> None:
    created = await world.request("late@company.com")
    body = printed.example("06-remind-request.json")
    path = f"{PATH}/{created['id']}/signers/{created['signers'][0]['id']}/remind"
    given = world.told(await world.client.post(path, json=body), 200)
    assert given["channel"] == body["channel"]
    (message,) = await world.messages(created["id"], "reminder")
    assert message["to"] == "late@company.com"
    assert body["message"] in message["text"]


@pytest.mark.parametrize("channel", sorted(printed.alternatives("06-remind-request.json")["channel"]))
async def test_each_printed_channel_is_taken(world: World, channel: str) -> None:
    created = await world.request("late@company.com")
    request_id = created["id"]
    signer = {"name": "New", "email": "new@company.com", "phone": "+48500123456"}
    added = world.told(await world.client.post(f"{PATH}/{request_id}/signers", json=signer), 201)
    path = f"{PATH}/{request_id}/signers/{added['id']}/remind"
    world.told(await world.client.post(path, json={"channel": channel}), 200)
    expected = {"email": {"email"}, "sms": {"sms"}, "both": {"email", "sms"}}[channel]
    sent = await world.messages(request_id, "reminder", len(expected))
    assert {message["channel"] for message in sent} == expected


async def test_three_reminders_and_no_more_than_one_a_day(world: World) -> None:
    created = await world.request("late@company.com")
    path = f"{PATH}/{created['id']}/signers/{created['signers'][0]['id']}/remind"
    for left in (2, 1, 0):
        assert world.told(await world.client.post(path), 200)["reminders_left"] == left
        soon = await world.client.post(path)
        code = "REMINDER_TOO_SOON" if left else "REMINDER_LIMIT_REACHED"
        assert (soon.status_code, soon.json()["error"]["code"]) == (422, code)
        world.told(await world.client.post("/v1/test-clock/advance", json={"seconds": 24 * 3600}), 200)
    fourth = await world.client.post(path)
    assert (fourth.status_code, fourth.json()["error"]["code"]) == (422, "REMINDER_LIMIT_REACHED")
