"""Answers that are wrong in one way each, made with the cryptography library's own builder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from qsignhub.foundation.clock import SettableClock
from qsignhub.revocation.errors import (
    RevocationAnswerRefused,
    RevocationAnswerStale,
    RevocationError,
    RevocationMalformed,
    RevocationSignatureWrong,
    RevocationSignerWrong,
    RevocationUnavailable,
    WrongCertificateAnswered,
    WrongRevocationNonce,
)
from qsignhub.revocation.model import CertificateStatus, OcspAnswer
from qsignhub.revocation.request import build_request
from qsignhub.revocation.responder import TRY_LATER, OcspResponder
from qsignhub.revocation.verify_ocsp import verify_ocsp
from tests.pki import ANSWERING, OCSP_SIGNING, LoadedKey, TestPki

NONCE = b"0123456789abcdef"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


def answer(
    pki: TestPki,
    *,
    about: LoadedKey | None = None,
    issuer: LoadedKey | None = None,
    by: LoadedKey | None = None,
    embedded: bool = True,
    nonce: bytes | None = NONCE,
    this_update: datetime | None = None,
    next_update: datetime | None = None,
    by_name: bool = False,
    algorithm: Any = None,
) -> bytes:
    by = by or pki.ocsp
    start = this_update or pki.now
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            (about or pki.signer).certificate,
            (issuer or pki.issuing).certificate,
            hashes.SHA256(),
            ocsp.OCSPCertStatus.GOOD,
            start,
            next_update,
            None,
            None,
        )
        .responder_id(
            ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH, by.certificate
        )
    )
    if embedded:
        builder = builder.certificates([by.certificate])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.sign(by.private_key, algorithm or hashes.SHA256()).public_bytes(Encoding.DER)


def our_answer(pki: TestPki, sign: Callable[[bytes], bytes]) -> bytes:
    responder = OcspResponder(
        issuer=pki.issuing.der, certificate=pki.ocsp.der, sign=sign, clock=SettableClock(pki.now)
    )
    request = build_request(pki.signer.der, pki.issuing.der, nonce=NONCE)
    return responder.respond(request, lambda serial: CertificateStatus.good())


def verify(pki: TestPki, der: bytes, **more: Any) -> OcspAnswer:
    # the library's builder states the machine's own time in producedAt
    options: dict[str, Any] = {"nonce": NONCE, "now": pki.now, "allowed_skew": timedelta(minutes=10)}
    return verify_ocsp(der, pki.signer.der, pki.issuing.der, **(options | more))


@pytest.mark.parametrize("by_name", [False, True])
def test_an_answer_of_another_implementation_passes(pki: TestPki, by_name: bool):
    der = answer(pki, by_name=by_name, next_update=pki.now + HOUR)
    verified = verify(pki, der)
    assert verified.status == CertificateStatus.good()
    assert (verified.der, verified.responder, verified.certificates) == (der, pki.ocsp.der, (pki.ocsp.der,))
    assert (verified.this_update, verified.next_update) == (pki.now, pki.now + HOUR)


def test_the_issuer_may_sign_itself(pki: TestPki):
    assert verify(pki, answer(pki, by=pki.issuing, embedded=False)).responder == pki.issuing.der


def test_case_64_answer_of_another_cas_responder_is_refused(pki: TestPki):
    with pytest.raises(RevocationSignerWrong):
        verify(pki, answer(pki, by=TestPki().ocsp))


def test_case_64_responder_of_the_root_cannot_answer_for_the_issuing_ca(pki: TestPki):
    of_root = pki.issue("Root's OCSP", usage=ANSWERING, purposes=[OCSP_SIGNING], issuer=pki.root)
    with pytest.raises(RevocationSignerWrong):
        verify(pki, answer(pki, by=of_root))


@pytest.mark.parametrize("purposes", [[], [ExtendedKeyUsageOID.CLIENT_AUTH]])
def test_case_64_any_certificate_of_the_ca_is_not_a_responder(pki: TestPki, purposes: list[Any]):
    with pytest.raises(RevocationSignerWrong):
        verify(pki, answer(pki, by=pki.issue("Somebody", usage=ANSWERING, purposes=purposes)))


def test_case_64_answer_about_a_namesake_issuer_is_refused(pki: TestPki):
    """Same names, other keys: the hash of the issuer's key tells them apart."""
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, answer(pki, issuer=TestPki().issuing))


def test_answer_about_another_certificate_is_refused(pki: TestPki):
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, answer(pki, about=pki.tsa))


def test_issuer_that_did_not_issue_the_certificate_is_refused(pki: TestPki):
    with pytest.raises(WrongCertificateAnswered):
        verify_ocsp(answer(pki), pki.signer.der, pki.root.der, nonce=NONCE, now=pki.now)


def test_expired_responder_is_refused(pki: TestPki):
    expired = pki.issue("Old OCSP", usage=ANSWERING, purposes=[OCSP_SIGNING], days=-3)
    with pytest.raises(RevocationSignerWrong):
        verify(pki, answer(pki, by=expired))


def test_responder_that_is_not_in_the_answer_is_refused(pki: TestPki):
    with pytest.raises(RevocationSignerWrong):
        verify(pki, answer(pki, embedded=False))


def test_signature_of_another_key_is_refused(pki: TestPki):
    with pytest.raises(RevocationSignatureWrong):
        verify(pki, our_answer(pki, sign=pki.signer.sign))


def test_weak_hash_is_refused(pki: TestPki):
    with pytest.raises(RevocationSignatureWrong):
        verify(pki, answer(pki, algorithm=hashes.SHA224()))


def test_nonce(pki: TestPki):
    with pytest.raises(WrongRevocationNonce):
        verify(pki, answer(pki, nonce=b"x" * 16))
    with pytest.raises(WrongRevocationNonce):
        verify(pki, answer(pki, nonce=b"x" * 16), nonce_required=False)
    with pytest.raises(WrongRevocationNonce):
        verify(pki, answer(pki, nonce=None))
    assert verify(pki, answer(pki, nonce=None), nonce_required=False).status.is_good
    assert verify(pki, answer(pki, nonce=None), nonce=None).status.is_good


def test_freshness(pki: TestPki):
    later = pki.now + 2 * HOUR
    with pytest.raises(RevocationAnswerStale):
        verify(pki, answer(pki, next_update=pki.now + HOUR), now=later)
    with pytest.raises(RevocationAnswerStale):
        verify(pki, answer(pki, this_update=later))
    with pytest.raises(RevocationAnswerStale):
        verify(pki, answer(pki), now=pki.now + timedelta(hours=25))
    assert verify(pki, answer(pki), now=later).next_update is None


def test_try_later_is_not_a_refusal(pki: TestPki):
    with pytest.raises(RevocationUnavailable):
        verify(pki, TRY_LATER)
    unauthorized = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    with pytest.raises(RevocationAnswerRefused):
        verify(pki, unauthorized.public_bytes(Encoding.DER))


@pytest.mark.parametrize("garbage", [b"", b"\x30\x00", b"<html>", bytes(70_000)])
def test_garbage_is_refused(pki: TestPki, garbage: bytes):
    with pytest.raises(RevocationMalformed):
        verify(pki, garbage)


def test_no_flipped_or_cut_answer_passes_as_good(pki: TestPki):
    whole = our_answer(pki, sign=pki.ocsp.sign)
    assert verify(pki, whole).status.is_good
    for position in range(0, len(whole), 3):
        flipped = whole[:position] + bytes((whole[position] ^ 0x55,)) + whole[position + 1 :]
        with pytest.raises(RevocationError):
            verify(pki, flipped)
        with pytest.raises(RevocationError):
            verify(pki, whole[:position])


def test_p384_responder(pki: TestPki):
    key = pki.issue("OCSP 384", usage=ANSWERING, purposes=[OCSP_SIGNING], curve=ec.SECP384R1())
    assert verify(pki, answer(pki, by=key, algorithm=hashes.SHA384())).responder == key.der
