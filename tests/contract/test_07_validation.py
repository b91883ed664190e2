"""Section 07: validation as printed, of a document of ours and of a tampered one."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
import pytest_asyncio

from qsignhub.validation.report import OcspStatus
from tests.contract import printed
from tests.contract.signed_pdf import signatures_of
from tests.contract.tls import Shell
from tests.contract.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMMAND, RESPONSE = "07-validate.sh", "07-validate-response.json"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def completed(world: World) -> dict[str, Any]:
    return await world.get(f"/v1/signature-requests/{(await world.signed_request())['id']}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed(world: World, completed: dict[str, Any]) -> bytes:
    return (await world.client.get(f"/v1/signature-requests/{completed['id']}/download")).content


async def test_a_request_and_its_validation_name_one_issuer(
    world: World, completed: dict[str, Any], signed: bytes
) -> None:
    """In the print both are Krajowa Izba Rozliczeniowa S.A."""
    shown = printed.example("04-get-response.json")["signers"][0]["certificate"]["issuer"]
    assert shown == printed.example(RESPONSE)["signatures"][0]["certificate_issuer"]
    given = world.told(await world.client.post("/v1/validate", files={"file": ("a.pdf", signed)}), 200)
    assert [signer["certificate"]["issuer"] for signer in completed["signers"]] == [
        signature["certificate_issuer"] for signature in given["signatures"]
    ]


async def run_printed(shell: Shell, signed: bytes, key: str) -> dict[str, Any]:
    (shell.folder / "signed_agreement.pdf").write_bytes(signed)
    status, body = await shell.run(printed.text(COMMAND).replace("qsh_live_...", key))
    assert status == 200, body
    return dict(json.loads(body))


@pytest.mark.tools
async def test_the_printed_curl_command_validates_a_document_of_ours(
    world: World, shell: Shell, signed: bytes
) -> None:
    given, expected = await run_printed(shell, signed, world.key), printed.example(RESPONSE)
    assert printed.deviations(expected, given) == []
    assert given["valid"] is True
    signatures = signatures_of(signed)
    assert len(given["signatures"]) == len(signatures) == 2
    for shown, real in zip(given["signatures"], signatures, strict=True):
        assert shown["signer_name"] == real.certificate.subject.native["common_name"]
        assert shown["certificate_issuer"] == real.certificate.issuer.native["organization_name"]
        assert shown["signed_at"] == real.gen_time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        as_printed = ("certificate_valid", "document_integrity", "timestamp_valid", "ocsp_status")
        assert {name: shown[name] for name in as_printed} == {
            name: expected["signatures"][0][name] for name in as_printed
        }
        # the print's is qualified, and on the EU's list; the sandbox's never is
        assert (shown["signature_level"], shown["trusted_list"]) == ("AES", "SANDBOX")
    assert given["signatures"][0]["signed_at"] == expected["signatures"][0]["signed_at"]


@pytest.mark.tools
async def test_to_a_live_key_the_sandbox_is_not_trusted(world: World, shell: Shell, signed: bytes) -> None:
    given = await run_printed(shell, signed, await world.new_key("live"))
    assert printed.deviations(printed.example(RESPONSE), given) == []
    assert given["valid"] is False
    assert {shown["trusted_list"] for shown in given["signatures"]} == {"NOT_TRUSTED"}
    assert {shown["document_integrity"] for shown in given["signatures"]} == {True}


async def test_a_changed_byte_is_found(world: World, signed: bytes) -> None:
    at = signed.index(b"Service agreement")
    changed = signed[:at] + b"s" + signed[at + 1 :]
    given = world.told(await world.client.post("/v1/validate", files={"file": ("a.pdf", changed)}), 200)
    assert given["valid"] is False
    assert {shown["document_integrity"] for shown in given["signatures"]} == {False}


async def test_a_revoked_certificate_is_told(world: World) -> None:
    specimen = await world.client.get("/sandbox/specimens/revoked.pdf")
    given = world.told(
        await world.client.post("/v1/validate", files={"file": ("a.pdf", specimen.content)}), 200
    )
    assert (given["valid"], given["signatures"][0]["ocsp_status"]) == (False, "revoked")


async def test_the_ocsp_statuses_are_the_printed_ones() -> None:
    assert set(get_args(OcspStatus)) == printed.alternatives(RESPONSE)["ocsp_status"]
