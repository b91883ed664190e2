"""Ten thousand timestamps from four threads."""

from __future__ import annotations

import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp

from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.der import Fields, read
from qsignhub.timestamping.clock_watch import ClockWatch
from qsignhub.timestamping.request import build_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.token import read_token, read_tst_info
from tests.pki import TSA_POLICY, TestPki

THREADS = 4
EACH = 2500
ACCURACY = timedelta(milliseconds=500)
_TRUNCATED = timedelta(milliseconds=1)  # genTime is cut to the millisecond


def _stamps(responder: TimestampResponder) -> list[tuple[datetime, bytes, datetime]]:
    made = []
    for number in range(EACH):
        request = build_request(hashlib.sha256(str(number).encode()).digest()).der
        before = datetime.now(UTC)
        response = responder.respond(request)
        made.append((before, response, datetime.now(UTC)))
    return made


@pytest.mark.tools
def test_no_serial_twice_and_none_off_by_more_than_the_stated_accuracy(tmp_path: Path):
    pki, clock = TestPki(), SystemClock()
    responder = TimestampResponder(
        certificate=pki.tsa.der,
        chain=[pki.issuing.der],
        sign=pki.tsa.sign,
        policy=TSA_POLICY,
        clock=clock,
        accuracy=ACCURACY,
        watch=ClockWatch(clock=clock, accuracy=ACCURACY),
    )
    with ThreadPoolExecutor(THREADS) as threads:
        made = [one for row in threads.map(_stamps, [responder] * THREADS) for one in row]
    assert len(made) == THREADS * EACH
    serials = set()
    for before, response, after in made:
        fields = Fields(read(response).content)
        fields.take(0x30)
        info = read_tst_info(read_token(fields.take(0x30).raw).info_der)
        serials.add(info.serial)
        assert info.accuracy == ACCURACY
        assert before - info.accuracy - _TRUNCATED <= info.gen_time <= after + info.accuracy
    assert len(serials) == len(made)
    root = pki.root.write_pem(tmp_path / "root.pem")
    for number in (0, 1234, 2499):
        _openssl_agrees(tmp_path, root, made[number][1], number)


def _openssl_agrees(folder: Path, root: Path, response: bytes, number: int) -> None:
    """And a parser that is not ours reads the same serial and time."""
    reply = folder / f"{number}.tsr"
    reply.write_bytes(response)
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    verdict = subprocess.run(
        ["openssl", "ts", "-verify", "-in", reply, "-digest", digest, "-CAfile", root],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Verification: OK" in verdict.stdout, verdict.stderr
    token = tsp.TimeStampResp.load(response)["time_stamp_token"]
    other = token["content"]["encap_content_info"]["content"].parsed
    ours = read_tst_info(read_token(token.dump()).info_der)
    assert (other["serial_number"].native, other["gen_time"].native) == (ours.serial, ours.gen_time)
