"""Section 10: the magic addresses and the test documents do what the contract says of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract import printed
from tests.contract.signed_pdf import signatures_of
from tests.contract.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/signature-requests"
SUCCESS, FAIL, TIMEOUT = re.findall(r"[\w.]+@[\w.-]+\.io", printed.text("10-magic-addresses.txt"))
_LINES = printed.text("10-test-documents.txt").splitlines()
DOCUMENTS = {
    number: (*kind.split(" · "), what)
    for number, kind, what in zip(_LINES[::3], _LINES[1::3], _LINES[2::3], strict=True)
}


async def shown(world: World, request_id: str) -> dict[str, Any]:
    return await world.get(f"{PATH}/{request_id}")


async def verification(world: World, created: dict[str, Any]) -> dict[str, Any]:
    signer_id = created["signers"][0]["id"]
    return await world.get(f"{PATH}/{created['id']}/signers/{signer_id}/verification")


@pytest.mark.parametrize("level", ["qes", "ses"])
async def test_auto_success(world: World, level: str) -> None:
    request_id = (await world.request(SUCCESS, signature_type=level))["id"]
    await world.wait_for(request_id, "completed")
    given = await shown(world, request_id)
    assert given["signers"][0]["status"] == "signed"
    assert given["signers"][0]["certificate"]["qualified"] is False
    pdf = (await world.client.get(f"{PATH}/{request_id}/download")).content
    assert len(signatures_of(pdf)) == 1


async def test_failed_verification(world: World) -> None:
    created = await world.request(FAIL)
    await world.wait_for_signer(created["id"], "verification_failed")
    assert (await verification(world, created))["verification_status"] == "failed"
    assert (await shown(world, created["id"]))["status"] == "pending"


async def test_no_signer_action(world: World) -> None:
    """After others who were invited later have signed, this one has still done nothing."""
    created = await world.request(TIMEOUT)
    other = await world.request(SUCCESS)
    await world.wait_for(other["id"], "completed")
    given = await shown(world, created["id"])
    assert (given["status"], given["signers"][0]["status"]) == ("pending", "pending_verification")
    assert (await verification(world, created))["verification_status"] == "pending"


async def show(world: World, number: str, country: str = "PL") -> dict[str, Any]:
    """A signer shows a document on the signing page; the request as created."""
    body = {
        "document_id": (await world.upload())["id"],
        "signers": [
            {
                "name": "Anna Kowalska",
                "email": "anna.kowalska@company.com",
                "identity_verification": {"method": "video_id", "country": country},
            }
        ],
    }
    created = world.told(await world.client.post(PATH, json=body), 201)
    await world.identify(created["signers"][0]["signing_url"], number)
    return created


async def test_the_printed_documents_are_all_there_are() -> None:
    assert list(DOCUMENTS) == ["AZE123456", "FAIL000001", "REVOKED001", "LOWSCORE01"]


@pytest.mark.parametrize("number", DOCUMENTS)
async def test_type_and_country_of_a_document_are_as_printed(world: World, number: str) -> None:
    kind, country, _ = DOCUMENTS[number]
    identity = (await verification(world, await show(world, number, "FR")))["identity"]
    assert identity["document_type"] == kind
    assert identity["document_country"] == ("FR" if country == "ANY" else country)


async def test_successful_verification(world: World) -> None:
    given = await verification(world, await show(world, "AZE123456"))
    score = float(DOCUMENTS["AZE123456"][2].rpartition(": ")[2])
    assert (given["verification_status"], given["identity"]["match_score"]) == ("verified", score)
    assert (score, given["liveness_check"]) == (0.98, True)


async def test_a_document_that_has_expired(world: World) -> None:
    created = await show(world, "FAIL000001")
    given = await verification(world, created)
    assert given["verification_status"] == "failed"
    assert given["identity"]["document_expiry"] < created["created_at"]
    assert "expired" in given["failure_reason"]


async def test_a_low_score(world: World) -> None:
    given = await verification(world, await show(world, "LOWSCORE01"))
    assert (given["verification_status"], given["identity"]["match_score"]) == ("failed", 0.61)


async def test_a_revoked_certificate_signs_nothing(world: World) -> None:
    """A verified identity, and no signature: the certificate is revoked when its status is asked for."""
    created = await show(world, "REVOKED001")
    assert (await verification(world, created))["verification_status"] == "verified"
    await world.sign(created["signers"][0]["signing_url"])
    await world.wait_for_signer(created["id"], "failed")
    given = await shown(world, created["id"])
    assert given["signers"][0]["failure"]["code"] == "CERTIFICATE_REVOKED"
    assert given["status"] == "pending"


async def test_the_test_world_is_isolated_from_the_live_one(world: World) -> None:
    created = await world.request(TIMEOUT)
    live = {"X-API-Key": await world.new_key("live")}
    for path in (f"{PATH}/{created['id']}", f"/v1/documents/{created['document_id']}"):
        assert (await world.client.get(path, headers=live)).status_code == 404
    assert (await world.client.get(PATH, headers=live)).json()["data"] == []
