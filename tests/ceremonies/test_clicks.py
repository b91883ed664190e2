"""The record of a click and the statement about it: one names the other, and neither tells too much."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qsignhub.bootstrap import Services
from qsignhub.ceremonies.clicks import record_of, statement_of
from qsignhub.ceremonies.errors import ConsentLapsed
from qsignhub.ceremonies.journal import Consent
from qsignhub.signature_requests.model import SignatureRequest
from tests.support.making import make_request, make_scope

WHEN = datetime(2026, 3, 1, 12, 0, 1, 234567, tzinfo=UTC)
SHOWN = "ab" * 32


@pytest.fixture
async def request_of_one(services: Services) -> SignatureRequest:
    return await make_request(services, await make_scope(services), ["signer@company.example"])


def recorded(request: SignatureRequest, ip: str | None = "192.0.2.1", agent: str | None = "B") -> bytes:
    return record_of(request, request.signers[0], SHOWN, WHEN, ip, agent)


def stated(record: bytes | None) -> str:
    return statement_of(Consent("sgn_1", SHOWN, SHOWN, WHEN, record))


async def test_the_statement_in_full(request_of_one: SignatureRequest) -> None:
    record = recorded(request_of_one)
    assert stated(record) == (
        f"Record of the click: SHA-256 {hashlib.sha256(record).hexdigest()}; "
        '"Signer 1" (signer@company.example) clicked to sign on 2026-03-01T12:00:01.234Z the document with '
        f"SHA-256 {SHOWN}"
    )


async def test_a_name_or_a_reason_cannot_speak_for_the_record(request_of_one: SignatureRequest) -> None:
    forged = 'Anna"; Record of the click: SHA-256 ' + "0" * 64
    signer = replace(request_of_one.signers[0], name=forged, reason=f"{forged}\nand more")
    record = record_of(request_of_one, signer, SHOWN, WHEN, None, None)
    line = stated(record)
    assert line.startswith(f"Record of the click: SHA-256 {hashlib.sha256(record).hexdigest()}; ")
    quoted = json.dumps(forged)
    assert f"{quoted} (signer@company.example)" in line
    assert "\n" not in line


async def test_two_records_of_the_same_click_are_not_alike(request_of_one: SignatureRequest) -> None:
    """So that no one finds the address by hashing all there are."""
    assert stated(recorded(request_of_one)) != stated(recorded(request_of_one))


async def test_what_is_not_known_is_null(request_of_one: SignatureRequest) -> None:
    said = json.loads(recorded(request_of_one, None, None))
    assert said["ip_address"] is said["user_agent"] is None


async def test_another_record_is_another_statement(request_of_one: SignatureRequest) -> None:
    record = recorded(request_of_one)
    changed = record.replace(b"192.0.2.1", b"192.0.2.2")
    assert changed != record
    assert stated(changed) != stated(record)


async def test_a_click_without_a_record_is_not_signed() -> None:
    with pytest.raises(ConsentLapsed):
        stated(None)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
async def test_the_record_is_canonical_as_ecmascript_writes_it(request_of_one: SignatureRequest) -> None:
    """RFC 8785 is ECMAScript's JSON.stringify on sorted keys."""
    agent = 'Ż\u2028\u0001\u007f"\\/\b\f\n\r\t<é>\U0001f600'
    record = recorded(request_of_one, agent=agent)
    again = (
        "let r = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "process.stdout.write(JSON.stringify(r, Object.keys(r).sort()))"
    )
    node = _run("node", "-e", again, given=record)
    assert node == record


def _run(*command: str, given: bytes) -> bytes:
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout
