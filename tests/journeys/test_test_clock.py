"""The test world's clock by HTTP: what takes thirty days, and ninety, happens at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.journeys.test_bad_input import error_of, stored_files
from tests.support.customer import REQUESTS, Customer, customer, person, wait_until
from tests.support.hook import listening
from tests.support.live import LiveService
from tests.support.making import SUCCESS, TIMEOUT

ADVANCE = "/v1/test-clock/advance"


def test_after_thirty_one_days_a_request_has_expired(live_service: LiveService) -> None:
    account = "clock: a month"
    with listening() as hook:
        live_service.command("webhooks", "add", "--url", hook.url, "--account", account)
        owner = customer(live_service, account)
        request = owner.request(person(SUCCESS), person(), signing_order="sequential", metadata={"deal": 7})
        owner.wait_for(request["id"], "in_progress")
        owner.wait_for_messages(2, request_id=request["id"])
        owner.advance(days=29)
        owner.client.get("/v1/test-clock")
        assert owner.get(request["id"])["status"] == "in_progress"
        owner.advance(days=2)
        expired = owner.wait_for(request["id"], "expired")
        assert [signer["status"] for signer in expired["signers"]] == ["signed", "pending_verification"]
        hook.wait_for(request["id"], "signature_request.expired")
        (told,) = [event for event in hook.events if event["type"] == "signature_request.expired"]
        assert told["data"]["signature_request"] == {
            "id": request["id"],
            "status": "expired",
            "metadata": {"deal": 7},
        }
    page = httpx.get(request["signers"][1]["signing_url"])
    assert 'data-state="closed"' in page.text
    kinds = [message["kind"] for message in owner.messages(request_id=request["id"])]
    assert kinds == ["invitation"] * 2, "nobody is written to about what is over"


def test_after_ninety_one_days_files_are_gone_and_records_stay(live_service: LiveService) -> None:
    owner = customer(live_service, "clock: a quarter")
    request = owner.request(person(SUCCESS))
    done = owner.wait_for(request["id"])
    document = owner.client.get(f"/v1/documents/{done['document_id']}").json()
    links = [document["preview_url"], done["signed_document_url"], done["audit_trail_url"]]
    paths = [
        f"{REQUESTS}/{done['id']}/download",
        f"{REQUESTS}/{done['id']}/download?include=audit_trail",
    ]
    for path in (*paths, *links):
        assert owner.client.get(path).status_code == 200, path
    owner.advance(days=89)
    assert owner.client.get(paths[0]).status_code == 200
    owner.advance(days=2)
    path = f"/v1/documents/{document['id']}"
    wait_until(lambda: owner.client.get(path).status_code, lambda status: status == 410)
    for gone in (path, *paths, *links):
        error_of(owner.client.get(gone), 410, "DOCUMENT_RETENTION_OVER")
    error_of(owner.client.delete(path), 410, "DOCUMENT_RETENTION_OVER")
    error_of(owner.ask_for(person(), document_id=document["id"]), 410, "DOCUMENT_RETENTION_OVER")
    assert owner.client.get("/v1/documents").json()["data"] == []
    names = wait_until(
        lambda: [name for name in stored_files(live_service) if document["id"] in name or done["id"] in name],
        lambda found: not found,
    )
    assert names == []
    kept = owner.get(done["id"])
    volatile = {"signed_document_url", "audit_trail_url"}
    assert {key: kept[key] for key in kept if key not in volatile} == {
        key: done[key] for key in done if key not in volatile
    }
    assert owner.verification(done)["verification_status"] == "verified"
    assert owner.client.get(REQUESTS).json()["data"][0]["id"] == done["id"]


def test_certificates_and_signatures_keep_to_the_real_time(live_service: LiveService) -> None:
    owner = customer(live_service, "clock: ahead")
    owner.advance(days=60)
    ahead = owner.client.get("/v1/test-clock").json()
    assert ahead["ahead_seconds"] == 60 * 86_400
    request = owner.request(person(SUCCESS))
    assert abs((moment(request["created_at"]) - moment(ahead["now"])).total_seconds()) < 3600
    done = owner.wait_for(request["id"])
    signed_at = moment(done["signers"][0]["signed_at"])
    assert (moment(request["created_at"]) - signed_at).days in {59, 60}
    signed = owner.client.get(f"{REQUESTS}/{request['id']}/download").content
    report = owner.client.post("/v1/validate", files={"file": ("signed.pdf", signed)}).json()
    assert report["valid"] is True


def test_a_clock_is_the_account_s_own(live_service: LiveService) -> None:
    ahead, behind = customer(live_service, "clock: one"), customer(live_service, "clock: another")
    waiting = behind.request(person(TIMEOUT))
    ahead.advance(days=31)
    assert behind.client.get("/v1/test-clock").json()["ahead_seconds"] == 0
    assert behind.get(waiting["id"])["status"] == "pending"
    other_key = customer(live_service, "clock: one")
    assert other_key.client.get("/v1/test-clock").json()["ahead_seconds"] == 31 * 86_400


@pytest.mark.parametrize("seconds", [0, -1, 31_536_001, 1.5, "60", True, None, 2**63 - 1])
def test_a_step_that_is_none_moves_nothing(live_service: LiveService, seconds: Any) -> None:
    owner = customer(live_service, "clock: still")
    error = error_of(owner.client.post(ADVANCE, json={"seconds": seconds}), 422, "VALIDATION_FAILED")
    assert error["field"] == "seconds"
    assert owner.client.get("/v1/test-clock").json()["ahead_seconds"] == 0


def test_the_clock_goes_ten_years_ahead_and_no_farther(live_service: LiveService) -> None:
    owner = customer(live_service, "clock: far")
    for _ in range(10):
        owner.advance(days=365)
    error = error_of(owner.client.post(ADVANCE, json={"seconds": 1}), 422, "CLOCK_TOO_FAR")
    assert error["field"] == "seconds"
    assert owner.client.get("/v1/test-clock").json()["ahead_seconds"] == 3650 * 86_400


def test_live_keys_have_neither_clock_nor_outbox(live_service: LiveService) -> None:
    live: Customer = customer(live_service, "clock: live", "live")
    for answer in (
        live.client.get("/v1/test-clock"),
        live.client.post(ADVANCE, json={"seconds": 60}),
        live.client.get("/v1/sandbox/messages"),
    ):
        error_of(answer, 403, "TEST_MODE_ONLY")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
