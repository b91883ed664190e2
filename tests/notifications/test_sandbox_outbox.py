"""The test world: nothing leaves the machine, and everything that would have can be read by HTTP."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from qsignhub.ceremonies.invitations import Invitations
from qsignhub.ceremonies.notices import Notices
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.sealing import MasterKey
from qsignhub.signature_requests.model import NewSigner
from tests.notifications.conftest import OpenHouse
from tests.pdfs import one_page_pdf
from tests.support.live import PATIENCE_SECONDS, LiveService
from tests.support.making import FAIL, SUCCESS, TIMEOUT

PERSON = "anna@company.example"


def wait_for_messages(client: httpx.Client, count: int, **filters: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.get("/v1/sandbox/messages", params={"limit": 100, **filters})
        assert answer.status_code == 200, answer.text
        found = answer.json()["data"]
        if len(found) >= count:
            return list(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_an_invitation_is_in_the_outbox_and_its_link_opens(live_service: LiveService) -> None:
    request = live_service.request(PERSON)
    (message,) = wait_for_messages(live_service.client, 1, request_id=request["id"])
    signer = request["signers"][0]
    assert set(message) == {
        *("id", "kind", "channel", "to", "subject", "text", "html", "request_id", "signer_id", "created_at"),
    }
    assert re.fullmatch(r"msg_[0-9A-Za-z]{16}", message["id"])
    assert (message["kind"], message["channel"], message["to"]) == ("invitation", "email", PERSON)
    assert (message["request_id"], message["signer_id"]) == (request["id"], signer["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", message["created_at"])
    assert message["subject"].startswith("[SANDBOX] ")
    assert message["text"].startswith("SANDBOX: A test, without legal value.")
    assert "SANDBOX" in message["html"]
    (link,) = re.findall(r"http://\S+/s/\w+", message["text"])
    assert link == signer["signing_url"]
    assert httpx.get(link).status_code == 200


@pytest.mark.parametrize("address", [SUCCESS, FAIL, TIMEOUT])
def test_magic_addresses_are_invited_like_any_other(live_service: LiveService, address: str) -> None:
    request = live_service.request(address)
    (message,) = wait_for_messages(live_service.client, 1, request_id=request["id"])
    assert (message["kind"], message["to"]) == ("invitation", address)


def test_in_sequence_the_invitation_comes_when_it_is_your_turn(live_service: LiveService) -> None:
    request = live_service.request(PERSON, TIMEOUT, PERSON, signing_order="sequential")
    first, second, third = request["signers"]
    (invited,) = wait_for_messages(live_service.client, 1, request_id=request["id"])
    assert invited["signer_id"] == first["id"]
    live_service.identify(first["signing_url"])
    live_service.sign(first["signing_url"])
    found = wait_for_messages(live_service.client, 2, request_id=request["id"])
    assert [message["signer_id"] for message in found] == [second["id"], first["id"]], "the newest first"
    assert wait_for_messages(live_service.client, 0, signer_id=third["id"]) == []


def test_everybody_is_invited_once_however_often_somebody_signs(live_service: LiveService) -> None:
    request = live_service.request(SUCCESS, SUCCESS, SUCCESS)
    live_service.wait_for(request["id"])
    found = wait_for_messages(live_service.client, 3, request_id=request["id"])
    assert {message["signer_id"] for message in found} == {signer["id"] for signer in request["signers"]}
    assert len(found) == 3


def test_pages_neither_repeat_nor_skip(live_service: LiveService) -> None:
    client = live_service.client_of(live_service.new_key("outbox pages"))
    document = client.post("/v1/documents", files={"file": ("a.pdf", one_page_pdf())}).json()
    signers = [{"name": f"Signer {n}", "email": f"s{n}@company.example"} for n in range(5)]
    request = client.post(
        "/v1/signature-requests", json={"document_id": document["id"], "signers": signers}
    ).json()
    everything = [message["id"] for message in wait_for_messages(client, 5)]
    seen: list[str] = []
    cursor = None
    for size in (2, 2, 1):
        params = {"limit": 2, "request_id": request["id"]} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/sandbox/messages", params=params).json()
        assert len(page["data"]) == size
        seen += [message["id"] for message in page["data"]]
        cursor = page["next_cursor"]
    assert seen == everything
    assert cursor is None
    one = client.get("/v1/sandbox/messages", params={"signer_id": request["signers"][3]["id"]}).json()
    assert [message["to"] for message in one["data"]] == ["s3@company.example"]


def test_case_13_a_tampered_cursor_and_a_cursor_of_other_filters_are_refused(
    live_service: LiveService,
) -> None:
    request = live_service.request(PERSON, PERSON)
    wait_for_messages(live_service.client, 2, request_id=request["id"])
    params = {"limit": 1, "request_id": request["id"]}
    cursor = live_service.client.get("/v1/sandbox/messages", params=params).json()["next_cursor"]
    for wrong in (params | {"cursor": cursor[:-2] + "xx"}, {"limit": 1, "cursor": cursor}):
        answer = live_service.client.get("/v1/sandbox/messages", params=wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_limit_out_of_range_is_named(live_service: LiveService, limit: str) -> None:
    answer = live_service.client.get("/v1/sandbox/messages", params={"limit": limit})
    assert answer.status_code == 422
    assert "limit" in answer.json()["error"]["field"]


def test_case_29_another_accounts_outbox_is_not_there(live_service: LiveService) -> None:
    request = live_service.request(PERSON)
    wait_for_messages(live_service.client, 1, request_id=request["id"])
    other = live_service.client_of(live_service.new_key("outbox other"))
    assert other.get("/v1/sandbox/messages").json() == {"data": [], "next_cursor": None}
    filtered = other.get("/v1/sandbox/messages", params={"request_id": request["id"]})
    assert filtered.json() == {"data": [], "next_cursor": None}


def test_case_30_a_live_key_has_no_outbox(live_service: LiveService) -> None:
    live = live_service.client_of(live_service.new_key(mode="live"))
    answer = live.get("/v1/sandbox/messages")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "TEST_MODE_ONLY"


def test_without_a_key_nothing_is_shown(live_service: LiveService) -> None:
    # from an address of its own: there is a limit a minute for each that asks without a key
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.4.4")) as stranger:
        assert stranger.get(f"{live_service.base_url}/v1/sandbox/messages").status_code == 401


async def test_who_was_invited_is_not_invited_again(open_house: OpenHouse) -> None:
    async with open_house("test") as house:
        opened = await house.request(NewSigner("Anna", PERSON), NewSigner("Jan", PERSON))
        requests = house.services.signature_requests
        invitations = Invitations(requests, Notices(Jobs()), Jobs())
        async with house.services.database.transaction() as tx:
            found = await requests.get(tx, house.scope, opened.id)
            await invitations.send(tx, found)
        assert all(signer.invited_at is not None for signer in found.signers)
        told = [job.payload["signer_id"] for job in await house.jobs()]
    assert told == [signer.id for signer in opened.signers]


async def test_both_channels_and_every_kind_are_kept(open_house: OpenHouse) -> None:
    async with open_house("test") as house:
        request = await house.request(NewSigner("Anna", PERSON, phone="+48500123456", locale="de-AT"))
        await house.tell("reminder", request, channel="both", message="Bis Freitag, bitte.")
        await house.tell("cancellation", request, message="Neue Fassung.")
        await house.run_all()
        async with house.services.database.transaction() as tx:
            kept = await house.services.notifications.outbox(tx, house.scope, limit=20)
    found = {(entry.message.kind, entry.message.channel): entry for entry in kept}
    assert found.keys() == {
        *(("invitation", "email"), ("reminder", "email"), ("reminder", "sms"), ("cancellation", "email")),
    }
    text = found["reminder", "sms"]
    link = f"https://sign.example/s/{request.signers[0].link_token}"
    assert text.message.to == "+48500123456"
    assert text.content.subject is None
    assert text.content.html is None
    assert text.content.text == (
        "[SANDBOX] Erinnerung: Kowalska & Partners wartet auf Ihre Unterschrift unter „contract.pdf“: " + link
    )
    assert "> Bis Freitag, bitte." in found["reminder", "email"].content.text
    assert "> Neue Fassung." in found["cancellation", "email"].content.text


async def test_a_text_message_to_nobody_is_on_record_as_not_sent(open_house: OpenHouse) -> None:
    async with open_house("test") as house:
        request = await house.request(NewSigner("Anna", PERSON))
        await house.tell("reminder", request, channel="sms")
        await house.run_all()
        row = next(row for row in await house.messages() if row["channel"] == "sms")
    assert (row["status"], row["failure_code"], row["recipient"]) == ("failed", "PHONE_MISSING", None)


async def test_what_is_kept_is_sealed_for_a_link_stands_in_it(open_house: OpenHouse) -> None:
    async with open_house("test") as house:
        request = await house.request(NewSigner("Anna", PERSON))
        await house.run_all()
        (row,) = await house.messages()
        key = house.services.settings.open_master_key()
    sealed = bytes(row["content_sealed"])
    token = request.signers[0].link_token.encode()
    assert token not in sealed
    assert token in key.unseal("notifications.content", row["id"], sealed)
    with pytest.raises(Exception, match="does not open"):
        MasterKey(bytes(32)).unseal("notifications.content", row["id"], sealed)


async def test_a_repeated_job_keeps_one_message(open_house: OpenHouse) -> None:
    async with open_house("test") as house:
        request = await house.request(NewSigner("Anna", PERSON, phone="+48500123456"))
        await house.tell("reminder", request, channel="both")
        for _ in range(3):
            await house.run_all()
        rows = await house.messages()
    assert sorted((row["kind"], row["channel"]) for row in rows) == [
        *(("invitation", "email"), ("reminder", "email"), ("reminder", "sms")),
    ]
