from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from qsignhub.foundation.clock import SettableClock
from qsignhub.timestamping.errors import (
    AuthorityExpired,
    AuthorityUntrusted,
    TimestampAlgorithmWeak,
    TimestampError,
    TimestampMalformed,
    TimestampRejected,
    TimestampSignatureWrong,
    TimestampTimeImplausible,
    TimestampUnavailable,
    WrongAuthority,
    WrongImprint,
    WrongNonce,
    WrongPolicy,
)
from qsignhub.timestamping.model import TimestampToken
from qsignhub.timestamping.request import TimestampRequest, build_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.status import FailureInfo, rejection
from qsignhub.timestamping.verify import verify_response
from tests.pki import ANSWERING, OCSP_SIGNING, SIGNING, TIME_STAMPING, TSA_POLICY, TestPki
from tests.timestamping.forgery import Forgery

IMPRINT = hashlib.sha256(b"contract").digest()


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def request_() -> TimestampRequest:
    return build_request(IMPRINT)


def verify(pki: TestPki, forgery: Forgery, request: TimestampRequest, **more: Any) -> TimestampToken:
    forgery = replace(forgery, moment=forgery.moment or pki.now)
    options: dict[str, Any] = {"anchors": [pki.root.der], "now": pki.now}
    return verify_response(forgery.respond(request), request, **(options | more))


@pytest.mark.parametrize("ess_version", [1, 2])
@pytest.mark.parametrize("by_key_identifier", [False, True])
def test_a_response_of_another_implementation_passes(
    pki: TestPki, request_: TimestampRequest, ess_version: int, by_key_identifier: bool
):
    forgery = Forgery(pki.tsa, ess_version=ess_version, by_key_identifier=by_key_identifier)
    token = verify(pki, forgery, request_)
    assert (token.gen_time, token.serial, token.policy) == (pki.now, 17, TSA_POLICY)
    assert (token.imprint, token.hash_algorithm, token.authority) == (IMPRINT, "sha256", "Test TSA")
    assert token.certificate == pki.tsa.der
    assert set(token.certificates) == {pki.tsa.der, *pki.tsa.chain}


@pytest.mark.parametrize("nonce", [None, 1, 2**63])
def test_case_50_wrong_nonce_is_refused(pki: TestPki, request_: TimestampRequest, nonce: int | None):
    with pytest.raises(WrongNonce):
        verify(pki, Forgery(pki.tsa, info={"nonce": nonce}), request_)


def test_case_50_wrong_imprint_is_refused(pki: TestPki, request_: TimestampRequest):
    other = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    with pytest.raises(WrongImprint):
        verify(pki, Forgery(pki.tsa, info={"message_imprint": other}), request_)


def test_case_50_same_digest_under_another_hash_is_refused(pki: TestPki, request_: TimestampRequest):
    other = {"hash_algorithm": {"algorithm": "sha512"}, "hashed_message": IMPRINT}
    with pytest.raises(WrongImprint):
        verify(pki, Forgery(pki.tsa, info={"message_imprint": other}), request_)


@pytest.mark.parametrize(
    ("purposes", "critical"),
    [([], True), ([OCSP_SIGNING], True), ([TIME_STAMPING, OCSP_SIGNING], True), ([TIME_STAMPING], False)],
)
def test_case_50_wrong_extended_key_usage_is_refused(
    pki: TestPki, request_: TimestampRequest, purposes: list[Any], critical: bool
):
    wrong = pki.issue("Wrong TSA", usage=ANSWERING, purposes=purposes, purposes_critical=critical)
    with pytest.raises(WrongAuthority):
        verify(pki, Forgery(wrong), request_, anchors=None)


def test_key_usage_that_forbids_signatures_is_refused(pki: TestPki, request_: TimestampRequest):
    wrong = pki.issue("Wrong TSA", usage=frozenset(), purposes=[TIME_STAMPING])
    with pytest.raises(WrongAuthority):
        verify(pki, Forgery(wrong), request_)


@pytest.mark.parametrize("away", [timedelta(seconds=-62), timedelta(seconds=62), timedelta(hours=1)])
def test_gen_time_away_from_our_clock_is_refused(pki: TestPki, request_: TimestampRequest, away: timedelta):
    with pytest.raises(TimestampTimeImplausible):
        verify(pki, Forgery(pki.tsa, moment=pki.now + away), request_)


@pytest.mark.parametrize("away", [timedelta(seconds=-61), timedelta(seconds=61)])
def test_the_stated_accuracy_widens_the_allowed_skew(
    pki: TestPki, request_: TimestampRequest, away: timedelta
):
    assert verify(pki, Forgery(pki.tsa, moment=pki.now + away), request_).gen_time == pki.now + away


def test_expired_authority_is_refused(pki: TestPki, request_: TimestampRequest):
    expired = pki.issue("Old TSA", usage=ANSWERING, purposes=[TIME_STAMPING], days=-3)
    with pytest.raises(AuthorityExpired):
        verify(pki, Forgery(expired), request_)


def test_signature_of_another_key_is_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampSignatureWrong):
        verify(pki, Forgery(pki.tsa, sign_with=pki.signer), request_)


def test_wrong_message_digest_is_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampSignatureWrong):
        verify(pki, Forgery(pki.tsa, message_digest=bytes(32)), request_)


def test_wrong_content_type_attribute_is_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampMalformed):
        verify(pki, Forgery(pki.tsa, content_type="data"), request_)


@pytest.mark.parametrize("ess_version", [1, 2])
def test_ess_cert_id_of_another_certificate_is_refused(
    pki: TestPki, request_: TimestampRequest, ess_version: int
):
    with pytest.raises(WrongAuthority):
        verify(pki, Forgery(pki.tsa, ess=pki.signer.der, ess_version=ess_version), request_)


def test_missing_certificate_is_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(WrongAuthority):
        verify(pki, Forgery(pki.tsa, certificates=[pki.issuing.der]), request_)


def test_two_signers_are_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampMalformed, match="one signer"):
        verify(pki, Forgery(pki.tsa, signer_infos=2), request_)


def test_sha1_in_the_signer_info_is_refused(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampAlgorithmWeak):
        verify(pki, Forgery(pki.tsa, digest_algorithm="sha1"), request_)


def test_critical_extension_is_refused(pki: TestPki, request_: TimestampRequest):
    extension = {"extn_id": "2.5.29.99", "critical": True, "extn_value": b"\x05\x00"}
    with pytest.raises(TimestampMalformed, match="critical"):
        verify(pki, Forgery(pki.tsa, info={"extensions": [extension]}), request_)


def test_another_policy_than_asked_for_is_refused(pki: TestPki):
    request = build_request(IMPRINT, policy="1.2.3")
    with pytest.raises(WrongPolicy):
        verify(pki, Forgery(pki.tsa), request)


def test_authority_without_a_path_to_an_anchor_is_refused(pki: TestPki, request_: TimestampRequest):
    stranger = TestPki()
    with pytest.raises(AuthorityUntrusted):
        verify(pki, Forgery(stranger.tsa), request_)
    assert verify(pki, Forgery(stranger.tsa), request_, anchors=None).certificate == stranger.tsa.der


def test_a_remembered_path_counts_for_its_own_anchors_only(pki: TestPki, request_: TimestampRequest):
    verify(pki, Forgery(pki.tsa), request_)
    verify(pki, Forgery(pki.tsa), request_)
    with pytest.raises(AuthorityUntrusted):
        verify(pki, Forgery(pki.tsa), request_, anchors=[TestPki().root.der])


def test_an_anchor_may_be_the_authority_itself(pki: TestPki, request_: TimestampRequest):
    forgery = Forgery(pki.tsa, certificates=[pki.tsa.der])
    assert verify(pki, forgery, request_, anchors=[pki.tsa.der]).certificate == pki.tsa.der


def test_a_signers_certificate_cannot_timestamp(pki: TestPki, request_: TimestampRequest):
    signer = pki.issue("Jan Nowak", usage=SIGNING)
    with pytest.raises(WrongAuthority):
        verify(pki, Forgery(signer), request_)


def test_a_refusal_is_told_apart_from_not_now(pki: TestPki, request_: TimestampRequest):
    for failure, error in [
        (FailureInfo.BAD_ALG, TimestampRejected),
        (FailureInfo.UNACCEPTED_POLICY, TimestampRejected),
        (FailureInfo.TIME_NOT_AVAILABLE, TimestampUnavailable),
        (FailureInfo.SYSTEM_FAILURE, TimestampUnavailable),
    ]:
        with pytest.raises(error, match="because"):
            verify_response(rejection(failure, "because"), request_, anchors=None, now=pki.now)


def test_a_token_under_a_refusing_status_is_not_taken(pki: TestPki, request_: TimestampRequest):
    with pytest.raises(TimestampRejected):
        verify(pki, Forgery(pki.tsa, status="rejection"), request_)


def test_every_single_cut_and_flipped_octet_is_refused_with_a_typed_error(pki: TestPki):
    """No octet of a response is outside the signature or a check.

    0x55 also turns the status "granted" into one that is not; 1 would make it grantedWithMods, which is fine.
    """
    request = build_request(IMPRINT)
    responder = TimestampResponder(
        certificate=pki.tsa.der,
        chain=[],
        sign=pki.tsa.sign,
        policy=TSA_POLICY,
        clock=SettableClock(pki.now),
    )
    good = responder.respond(request.der)
    verify_response(good, request, anchors=[pki.tsa.der], now=pki.now)
    for position in range(0, len(good), 5):
        flipped = good[:position] + bytes((good[position] ^ 0x55,)) + good[position + 1 :]
        with pytest.raises(TimestampError):
            verify_response(flipped, request, anchors=[pki.tsa.der], now=pki.now)
        with pytest.raises(TimestampError):
            verify_response(good[:position], request, anchors=[pki.tsa.der], now=pki.now)


@pytest.mark.parametrize("garbage", [b"", b"\x30", b"<html></html>", b"\x30\x80\x00\x00", bytes(70_000)])
def test_case_50_garbage_is_refused(pki: TestPki, request_: TimestampRequest, garbage: bytes):
    with pytest.raises(TimestampMalformed):
        verify_response(garbage, request_, anchors=None, now=pki.now)
