"""Section 04: a signature request created, signed, retrieved, listed and cancelled as printed."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.contract import printed
from tests.contract.world import World
from tests.support.making import FAIL, TIMEOUT

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/signature-requests"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def created(world: World) -> dict[str, Any]:
    return await world.printed_request()


async def test_the_answer_to_the_printed_request_is_as_printed(created: dict[str, Any]) -> None:
    expected = printed.example("04-create-response.json")
    assert printed.deviations(expected, created) == []
    random = {name: created[name] for name in ("id", "document_id", "signing_url", "embed_token", "signers")}
    assert {name: created[name] for name in expected} == expected | random
    given, signer = created["signers"][0], expected["signers"][0]
    assert {name: given[name] for name in ("name", "email", "status")} == {
        name: signer[name] for name in ("name", "email", "status")
    }


async def test_nothing_of_the_printed_request_is_lost(created: dict[str, Any]) -> None:
    sent = printed.example("04-create-request.json")
    for name in ("signature_type", "signing_order", "expires_at", "redirect_url", "fields", "metadata"):
        assert created[name] == sent[name]
    assert [(each["name"], each["email"], each["order"]) for each in created["signers"]] == [
        (each["name"], each["email"], each["order"]) for each in sent["signers"]
    ]


async def test_the_embed_token_is_a_jwt_of_the_printed_algorithm(created: dict[str, Any]) -> None:
    def header_of(token: str) -> dict[str, Any]:
        first = token.split(".", maxsplit=1)[0]
        return dict(json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))))

    shown = printed.example("04-create-response.json")["embed_token"]
    assert header_of(shown).items() <= header_of(created["embed_token"]).items()


@pytest.mark.parametrize("method", sorted(printed.alternatives("04-create-request.json")["method"]))
async def test_each_printed_method_of_identity_verification_is_taken(world: World, method: str) -> None:
    body = printed.example("04-create-request.json")
    body["document_id"] = (await world.upload())["id"]
    body["signers"][0]["identity_verification"]["method"] = method
    world.told(await world.client.post(PATH, json=body), 201)


@pytest.mark.parametrize("level", ["qes", "aes", "ses"])
async def test_each_printed_level_is_taken(world: World, level: str) -> None:
    body = printed.example("04-create-request.json") | {"signature_type": level}
    body["document_id"] = (await world.upload())["id"]
    body["signers"][1]["phone"] = "+48500123457"
    assert world.told(await world.client.post(PATH, json=body), 201)["signature_type"] == level


async def test_what_is_left_out_takes_the_printed_defaults(world: World) -> None:
    document = await world.upload()
    body = {"document_id": document["id"], "signers": [{"name": "A", "email": "a@company.com"}]}
    given = world.told(await world.client.post(PATH, json=body), 201)
    assert (given["signature_type"], given["signing_order"]) == ("qes", "parallel")
    lifetime = datetime.fromisoformat(given["expires_at"]) - datetime.fromisoformat(given["created_at"])
    assert lifetime == timedelta(days=30)


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 201), (20, 201), (21, 422)])
async def test_one_signer_at_least_and_twenty_at_most(world: World, count: int, status: int) -> None:
    signers = [{"name": f"Signer {n}", "email": f"signer{n}@company.com"} for n in range(count)]
    body = {"document_id": (await world.upload())["id"], "signers": signers}
    answer = await world.client.post(PATH, json=body)
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["error"]["field"] == "signers"


@pytest.mark.parametrize("missing", ["document_id", "signers"])
async def test_the_required_fields_are_required(world: World, created: dict[str, Any], missing: str) -> None:
    body = printed.example("04-create-request.json") | {"document_id": created["document_id"]}
    answer = await world.client.post(PATH, json={key: body[key] for key in body if key != missing})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, missing)


async def test_every_printed_status_is_reached(world: World) -> None:
    reached = {}
    reached["completed"] = (await world.signed_request())["id"]
    reached["in_progress"] = (await world.printed_request())["id"]
    anna = (await world.get(f"{PATH}/{reached['in_progress']}"))["signers"][0]["signing_url"]
    await world.identify(anna)
    await world.sign(anna)
    await world.wait_for(reached["in_progress"], "in_progress")
    reached["pending"] = (await world.request(TIMEOUT))["id"]
    reached["cancelled"] = (await world.request(TIMEOUT))["id"]
    world.told(await world.client.delete(f"{PATH}/{reached['cancelled']}"), 200)
    soon = (world.clock.now() + timedelta(minutes=1)).isoformat()
    reached["expired"] = (await world.request(TIMEOUT, expires_at=soon))["id"]
    world.told(await world.client.post("/v1/test-clock/advance", json={"seconds": 61}), 200)
    await world.wait_for(reached["expired"], "expired")

    named = [line[2:] for line in printed.text("04-statuses.txt").splitlines() if line.startswith("● ")]
    assert sorted(reached) == sorted(name for names in named for name in names.split(" / "))
    for status, request_id in reached.items():
        assert (await world.get(f"{PATH}/{request_id}"))["status"] == status
        listed = await world.get(f"{PATH}?status={status}&limit=100")
        assert request_id in {entry["id"] for entry in listed["data"]}
        assert {entry["status"] for entry in listed["data"]} == {status}


async def test_in_the_printed_order_the_second_signer_waits_for_the_first(world: World) -> None:
    """Case 39, on the printed request."""
    created = await world.printed_request()
    anna, john = (signer["signing_url"] for signer in created["signers"])
    answer = await world.client.post(f"{john}/identify", data={"document_number": "AZE123456"})
    assert answer.status_code == 409
    await world.identify(anna)
    await world.sign(anna)
    await world.wait_for(created["id"], "in_progress")
    await world.identify(john)


async def test_signers_are_led_to_the_printed_redirect_url(world: World) -> None:
    created = await world.signed_request()
    page = await world.client.get(created["signers"][0]["signing_url"])
    assert f'href="{printed.example("04-create-request.json")["redirect_url"]}"' in page.text


async def test_a_list_shows_requests_as_they_are_printed(world: World) -> None:
    created = await world.printed_request()
    listed = (await world.get(f"{PATH}?limit=100"))["data"]
    (entry,) = (each for each in listed if each["id"] == created["id"])
    expected = printed.example("04-create-response.json")
    del expected["embed_token"]  # a credential: given once
    assert printed.deviations(expected, entry) == []


async def test_the_list_takes_the_printed_parameters(world: World) -> None:
    named = {
        line.split("string")[0].split("datetime")[0].split("integer")[0]
        for line in printed.text("04-list-parameters.txt").splitlines()[1:]
    }
    assert named == {"status", "from", "to", "limit", "cursor"}
    made = [(await world.request(TIMEOUT))["id"] for _ in range(3)]
    moment = (await world.get(f"{PATH}/{made[0]}"))["created_at"]
    later = (world.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {"status": "pending", "from": moment, "to": later, "limit": "2"}
    seen: list[str] = []
    while True:
        answer = world.told(await world.client.get(PATH, params=query), 200)
        assert len(answer["data"]) <= 2
        seen += [entry["id"] for entry in answer["data"]]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert set(made) <= set(seen)
    assert len(seen) == len(set(seen))
    before = await world.get(f"{PATH}?to={moment}&limit=100")
    assert not set(made) & {entry["id"] for entry in before["data"]}


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (1, 200), (100, 200), (101, 422)])
async def test_a_page_has_a_hundred_entries_at_most(world: World, limit: int, status: int) -> None:
    assert (await world.client.get(PATH, params={"limit": limit})).status_code == status


async def test_a_page_has_twenty_entries_by_default(world: World) -> None:
    document_id = (await world.upload())["id"]
    body = {"document_id": document_id, "signers": [{"name": "A", "email": TIMEOUT}]}
    for _ in range(21):
        world.told(await world.client.post(PATH, json=body), 201)
    assert len((await world.get(PATH))["data"]) == 20


async def test_cancelling_takes_the_printed_body(world: World) -> None:
    request_id = (await world.request(TIMEOUT, FAIL, signing_order="sequential"))["id"]
    body = printed.example("04-cancel-request.json")
    answer = await world.client.request("DELETE", f"{PATH}/{request_id}", json=body)
    given = world.told(answer, 200)
    assert (given["id"], given["status"], given["cancel_reason"]) == (request_id, "cancelled", body["reason"])
    told = await world.messages(request_id, "cancellation")
    assert [message["to"] for message in told] == [TIMEOUT]  # the other one was not invited yet
    assert body["reason"] in told[0]["text"]


async def test_cancelling_needs_no_body_and_is_irreversible(world: World) -> None:
    request_id = (await world.request(TIMEOUT))["id"]
    assert (await world.client.delete(f"{PATH}/{request_id}")).json()["status"] == "cancelled"
    again = await world.client.delete(f"{PATH}/{request_id}")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ILLEGAL_STATE")
