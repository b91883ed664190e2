from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import core, tsp
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.foundation.clock import SettableClock
from qsignhub.timestamping.errors import WrongAuthority
from qsignhub.timestamping.request import build_request
from qsignhub.timestamping.responder import TimestampResponder, generalized_time
from qsignhub.timestamping.verify import verify_response
from tests.pki import ANSWERING, TIME_STAMPING, TSA_POLICY, LoadedKey, TestPki

IMPRINT = hashlib.sha256(b"contract").digest()


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def clock(pki: TestPki) -> SettableClock:
    return SettableClock(pki.now + timedelta(milliseconds=120))


def responder(pki: TestPki, clock: SettableClock, tsa: LoadedKey | None = None) -> TimestampResponder:
    tsa = tsa or pki.tsa
    return TimestampResponder(
        certificate=tsa.der, chain=[pki.issuing.der], sign=tsa.sign, policy=TSA_POLICY, clock=clock
    )


def answer(pki: TestPki, clock: SettableClock, request: bytes) -> Any:
    return tsp.TimeStampResp.load(responder(pki, clock).respond(request), strict=True)


def tst_info(response: Any) -> Any:
    return response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed


def query(**fields: Any) -> bytes:
    """A TimeStampReq made with another encoder."""
    encoded: bytes = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": IMPRINT},
            **fields,
        }
    ).dump()
    return encoded


def failure(response_der: bytes) -> set[str]:
    """The failure of a response that must be a rejection without a token."""
    parts = core.Sequence.load(response_der, strict=True)
    assert len(parts) == 1
    status = tsp.PKIStatusInfo.load(parts[0].dump(), strict=True)
    assert status["status"].native == "rejection"
    assert status["status_string"].native
    found: set[str] = status["fail_info"].native
    return found


def test_another_parser_reads_every_field(pki: TestPki, clock: SettableClock):
    response = answer(pki, clock, query(nonce=2**63 + 5, cert_req=True))
    assert response["status"]["status"].native == "granted"
    info = tst_info(response)
    assert info["version"].native == "v1"
    assert info["policy"].native == TSA_POLICY
    assert info["message_imprint"].native == {
        "hash_algorithm": {"algorithm": "sha256", "parameters": None},
        "hashed_message": IMPRINT,
    }
    assert info["gen_time"].contents == clock.now().strftime("%Y%m%d%H%M%S.12Z").encode()
    assert info["accuracy"]["seconds"].native == 1
    assert info["nonce"].native == 2**63 + 5
    assert info["ordering"].native is False
    assert info["extensions"].native is None
    signed_data = response["time_stamp_token"]["content"]
    assert signed_data["version"].native == "v3"
    assert {one.chosen.dump() for one in signed_data["certificates"]} == {pki.tsa.der, pki.issuing.der}


def test_the_response_is_der_to_the_last_octet(pki: TestPki, clock: SettableClock):
    """Encoding anew, with another encoder, gives the same octets: SET OF is sorted, defaults are left out."""
    encoded = responder(pki, clock).respond(query(nonce=5, cert_req=True))
    response = tsp.TimeStampResp.load(encoded, strict=True)
    assert response.native
    assert response.dump(force=True) == encoded
    attributes = response["time_stamp_token"]["content"]["signer_infos"][0]["signed_attrs"]
    octets = [attribute.dump() for attribute in attributes]
    assert octets == sorted(octets)


def test_no_nonce_and_no_certificates_where_none_are_asked_for(pki: TestPki, clock: SettableClock):
    response = answer(pki, clock, query())
    assert tst_info(response)["nonce"].native is None
    assert response["time_stamp_token"]["content"]["certificates"].native is None


def test_serials_never_repeat_while_the_clock_stands_still(pki: TestPki, clock: SettableClock):
    one, other = responder(pki, clock), responder(pki, clock)
    serials = [
        tst_info(tsp.TimeStampResp.load(by.respond(query())))["serial_number"].native
        for by in (one, one, other, one)
    ]
    assert len(set(serials)) == 4
    assert all(2**64 < serial < 2**159 for serial in serials)
    assert serials[0] >> 64 < serials[1] >> 64 < serials[3] >> 64


@pytest.mark.parametrize(
    ("request_der", "expected"),
    [
        (b"", "bad_data_format"),
        (b"not a request", "bad_data_format"),
        (query()[:-1], "bad_data_format"),
        (query() + b"\x00", "bad_data_format"),
        (query(nonce=2 ** (8 * 41)), "bad_data_format"),
        (bytes(20_000), "bad_data_format"),
        (
            query(message_imprint={"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}),
            "bad_alg",
        ),
        (
            query(message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(20)}),
            "bad_data_format",
        ),
        (query(req_policy="1.2.3.4"), "unaccepted_policy"),
        (
            query(extensions=[{"extn_id": "2.5.29.99", "critical": False, "extn_value": b"\x05\x00"}]),
            "unaccepted_extensions",
        ),
    ],
    ids=[
        "empty",
        "text",
        "cut off",
        "trailing octet",
        "long nonce",
        "too long",
        "sha1",
        "short imprint",
        "policy",
        "extension",
    ],
)
def test_refusals_name_the_failure(pki: TestPki, clock: SettableClock, request_der: bytes, expected: str):
    assert failure(responder(pki, clock).respond(request_der)) == {expected}


def test_no_token_when_the_clock_has_gone_back(pki: TestPki, clock: SettableClock):
    by = responder(pki, clock)
    by.respond(query())
    clock.advance(timedelta(milliseconds=-900))
    assert tsp.TimeStampResp.load(by.respond(query()))["status"]["status"].native == "granted"
    clock.advance(timedelta(milliseconds=-200))
    assert failure(by.respond(query())) == {"time_not_available"}


def test_no_token_under_an_expired_certificate(pki: TestPki, clock: SettableClock):
    clock.advance(timedelta(days=400))
    assert failure(responder(pki, clock).respond(query())) == {"system_failure"}


def test_a_certificate_that_may_not_timestamp_makes_no_responder(pki: TestPki, clock: SettableClock):
    with pytest.raises(WrongAuthority):
        responder(pki, clock, pki.signer)


def test_p384_signs_too(pki: TestPki, clock: SettableClock):
    tsa = pki.issue("TSA 384", usage=ANSWERING, purposes=[TIME_STAMPING], curve=ec.SECP384R1())
    request = build_request(IMPRINT)
    response = responder(pki, clock, tsa).respond(request.der)
    assert verify_response(response, request, anchors=[pki.root.der], now=clock.now()).authority == "TSA 384"


def test_the_accuracy_is_at_most_a_second(pki: TestPki, clock: SettableClock):
    for wrong in (timedelta(seconds=2), timedelta(0)):
        with pytest.raises(ValueError, match="accuracy"):
            TimestampResponder(
                certificate=pki.tsa.der,
                chain=[],
                sign=pki.tsa.sign,
                policy=TSA_POLICY,
                clock=clock,
                accuracy=wrong,
            )


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [
        (0, b"20260102030405Z"),
        (100_000, b"20260102030405.1Z"),
        (10_000, b"20260102030405.01Z"),
        (999_999, b"20260102030405.999Z"),
        (999, b"20260102030405Z"),
    ],
)
def test_generalized_time_has_no_trailing_zeros(microsecond: int, text: bytes):
    assert generalized_time(datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)) == text
