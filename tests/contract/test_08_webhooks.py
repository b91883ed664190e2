"""Section 08: the events at their moments, the payload as printed, and the signature as printed checks it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from qsignhub.foundation.clock import iso
from tests.contract import printed
from tests.contract.world import World
from tests.support.making import FAIL, TIMEOUT
from tests.webhooks.receiver import Received, Receiver, receiving

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAYLOAD = "08-payload.json"
DRIVER = """
const fs = require('fs');
const [, , file, signature, secret] = process.argv;
process.stdout.write(String(verifyWebhook(fs.readFileSync(file), signature, secret)));
"""


@dataclass
class Deliveries:
    receiver: Receiver
    secret: str

    async def of(self, request_id: str, count: int) -> list[Received]:
        """The first ``count`` deliveries about a request, by the time of their events."""
        async with asyncio.timeout(60):
            while True:
                found = [each for each in self.receiver.received if request_id.encode() in each.body]
                if len(found) >= count:
                    return sorted(found, key=lambda each: str(json.loads(each.body)["created_at"]))
                await asyncio.sleep(0.05)

    async def told(self, request_id: str, count: int) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in await self.of(request_id, count)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deliveries(world: World) -> AsyncIterator[Deliveries]:
    async with receiving() as receiver:
        yield Deliveries(receiver, await world.add_endpoint(receiver.url))


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in told]


async def test_the_completed_event_is_as_printed(world: World, deliveries: Deliveries) -> None:
    request_id = (await world.signed_request())["id"]
    (delivery,) = [
        each for each in await deliveries.of(request_id, 6) if b'"signature_request.completed"' in each.body
    ]
    expected, given = printed.example(PAYLOAD), json.loads(delivery.body)
    assert printed.deviations(expected, given) == []
    shown = await world.get(f"/v1/signature-requests/{request_id}")
    assert (given["type"], given["created_at"]) == (expected["type"], shown["completed_at"])
    told = given["data"]["signature_request"]
    assert (told["id"], told["status"]) == (request_id, "completed")
    assert told["metadata"] == printed.example("04-create-request.json")["metadata"]
    file = await world.client.get(told["signed_document_url"], headers={"X-API-Key": ""})
    download = await world.client.get(f"/v1/signature-requests/{request_id}/download")
    assert file.content == download.content
    header = re.search(r"X-QSignHub-Signature: sha256=", printed.text(PAYLOAD))
    assert header
    assert re.fullmatch("sha256=[0-9a-f]{64}", delivery.headers["x-qsignhub-signature"])


async def test_a_signed_request_tells_of_each_step(world: World, deliveries: Deliveries) -> None:
    request_id = (await world.signed_request())["id"]
    told = await deliveries.told(request_id, 6)
    assert sorted(kinds(told)) == [
        "signature_request.completed",
        "signature_request.created",
        "signer.signed",
        "signer.signed",
        "signer.verification_completed",
        "signer.verification_completed",
    ]
    assert len({event["id"] for event in told}) == 6
    for event in told:
        summary = event["data"]["signature_request"]
        assert (
            printed.deviations({"id": "sreq_7Yx4kP9nQ3mB2wR1", "status": "?", "metadata": {}}, summary) == []
        )
        assert event.keys() == {"id", "type", "created_at", "data"}
    shown = await world.get(f"/v1/signature-requests/{request_id}")
    moments = {event["type"]: event["created_at"] for event in told}
    assert moments["signature_request.created"] == shown["created_at"]
    assert moments["signature_request.completed"] == shown["completed_at"]
    signers = {signer["id"]: signer["signed_at"] for signer in shown["signers"]}
    for event in told:
        if event["type"] == "signer.signed":
            assert event["data"]["signer"]["signed_at"] == signers.pop(event["data"]["signer"]["id"])
            assert event["data"]["signer"]["status"] == "signed"
    assert not signers


async def test_a_failed_check_is_told(world: World, deliveries: Deliveries) -> None:
    created = await world.request(FAIL)
    told = await deliveries.told(created["id"], 2)
    assert sorted(kinds(told)) == ["signature_request.created", "signer.verification_failed"]
    signer = next(event["data"]["signer"] for event in told if "signer" in event["data"])
    assert (signer["id"], signer["status"]) == (created["signers"][0]["id"], "verification_failed")


async def test_an_expired_request_is_told_and_not_before(world: World, deliveries: Deliveries) -> None:
    soon = iso(world.clock.now() + timedelta(minutes=1))
    request_id = (await world.request(TIMEOUT, expires_at=soon, metadata={"a": "b"}))["id"]
    assert kinds(await deliveries.told(request_id, 1)) == ["signature_request.created"]
    world.told(await world.client.post("/v1/test-clock/advance", json={"seconds": 61}), 200)
    told = await deliveries.told(request_id, 2)
    assert kinds(told).count("signature_request.expired") == 1
    (expired,) = (event for event in told if event["type"] == "signature_request.expired")
    assert expired["data"]["signature_request"] == {
        "id": request_id,
        "status": "expired",
        "metadata": {"a": "b"},
    }


async def test_no_other_events_than_the_printed_ones_are_sent(deliveries: Deliveries) -> None:
    named = set(
        re.findall(
            r"^(signature_request\.[a-z]+|signer\.[a-z_]+)(?=[A-Z])",
            printed.text("08-events.txt"),
            re.MULTILINE,
        )
    )
    assert len(named) == 6
    assert set(kinds([json.loads(each.body) for each in deliveries.receiver.received])) == named


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
async def test_the_printed_function_takes_a_delivery_and_no_other(
    world: World, deliveries: Deliveries, tmp_path: Path
) -> None:
    metadata = {"contract_id": "CNT-2025-0042", "name": "Zażółć — “x” \u2028 </script>"}
    request_id = (await world.request(TIMEOUT, metadata=metadata))["id"]
    (delivery,) = await deliveries.of(request_id, 1)
    signature = delivery.headers["x-qsignhub-signature"]
    script, body = tmp_path / "verify.js", tmp_path / "body"
    script.write_text(printed.text("08-verify.js") + DRIVER)

    async def verified(payload: bytes, signature: str, secret: str) -> bool:
        body.write_bytes(payload)
        node = await asyncio.create_subprocess_exec(
            *("node", script, body, signature, secret), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await node.communicate()
        assert (node.returncode, said) in {(0, b"true"), (0, b"false")}
        return said == b"true"

    assert await verified(delivery.body, signature, deliveries.secret)
    assert not await verified(delivery.body + b" ", signature, deliveries.secret)
    assert not await verified(delivery.body.replace(b"pending", b"expired"), signature, deliveries.secret)
    assert not await verified(delivery.body, signature, deliveries.secret + "x")
    forged = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    assert not await verified(delivery.body, forged, deliveries.secret)
