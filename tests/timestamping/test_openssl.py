"""OpenSSL, which we did not write, judges tokens and asks for them."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from qsignhub.foundation.clock import SystemClock
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.responder import TimestampResponder
from tests.pki import TSA_POLICY, TestPki

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def responder(pki: TestPki) -> TimestampResponder:
    return TimestampResponder(
        certificate=pki.tsa.der,
        chain=[pki.issuing.der],
        sign=pki.tsa.sign,
        policy=TSA_POLICY,
        clock=SystemClock(),
    )


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("name", ["sha256", "sha512"])
async def test_openssl_verifies_a_token(
    pki: TestPki, responder: TimestampResponder, tmp_path: Path, name: str
):
    authority = InProcessTimestampAuthority(responder, clock=SystemClock(), anchors=[pki.root.der])
    imprint = hashlib.new(name, b"contract").digest()
    token = tmp_path / "token.der"
    token.write_bytes((await authority.timestamp(imprint, name)).der)
    root = pki.root.write_pem(tmp_path / "root.pem")
    judge = ("ts", "-verify", "-in", token, "-token_in", "-CAfile", root)
    verdict = openssl(*judge, "-digest", imprint.hex())
    assert "Verification: OK" in verdict.stdout, verdict.stderr
    other = openssl(*judge, "-digest", hashlib.new(name, b"other").hexdigest())
    assert "Verification: FAILED" in other.stdout + other.stderr
    assert other.returncode != 0


@pytest.mark.parametrize("more", [["-cert"], ["-cert", "-no_nonce"], []])
def test_openssl_asks_and_takes_the_answer(
    pki: TestPki, responder: TimestampResponder, tmp_path: Path, more: list[str]
):
    data, query, reply = tmp_path / "data", tmp_path / "query.tsq", tmp_path / "reply.tsr"
    data.write_bytes(b"contract")
    made = openssl("ts", "-query", "-data", data, "-sha256", "-tspolicy", TSA_POLICY, "-out", query, *more)
    assert made.returncode == 0, made.stderr
    reply.write_bytes(responder.respond(query.read_bytes()))
    root = pki.root.write_pem(tmp_path / "root.pem")
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pki.tsa.pem() + pki.issuing.pem())
    verdict = openssl(
        "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", root, "-untrusted", chain
    )
    assert "Verification: OK" in verdict.stdout, verdict.stderr
    shown = openssl("ts", "-reply", "-in", reply, "-text").stdout
    assert "Status: Granted." in shown
    assert "Accuracy: 0x01 seconds" in shown
    assert "Ordering: no" in shown
