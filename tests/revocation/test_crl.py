from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.errors import (
    RevocationAnswerStale,
    RevocationError,
    RevocationMalformed,
    RevocationSignatureWrong,
    RevocationSignerWrong,
    WrongCertificateAnswered,
)
from qsignhub.revocation.model import CertificateStatus, Crl, Reason
from qsignhub.revocation.verify_crl import verify_crl
from tests.pki import ANSWERING, DAY, LoadedKey, TestPki


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


def made(pki: TestPki, *revoked: RevokedCertificate, **more: Any) -> bytes:
    options: dict[str, Any] = {
        "issuer": pki.issuing.der,
        "sign": pki.issuing.sign,
        "number": 7,
        "this_update": pki.now,
        "next_update": pki.now + DAY,
    }
    return build_crl(revoked=revoked, **(options | more))


def verify(pki: TestPki, crl: bytes, **more: Any) -> Crl:
    options: dict[str, Any] = {"certificate": pki.signer.der, "issuer": pki.issuing.der, "now": pki.now}
    return verify_crl(crl, **(options | more))


def with_extension(pki: TestPki, extension: x509.ExtensionType, by: LoadedKey | None = None) -> bytes:
    by = by or pki.issuing
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(pki.now)
        .next_update(pki.now + DAY)
        .add_extension(extension, critical=True)
        .sign(by.private_key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def scope(**more: Any) -> x509.IssuingDistributionPoint:
    fields: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(fields | more))


def test_another_parser_reads_what_we_make(pki: TestPki):
    at = pki.now - timedelta(hours=2)
    der = made(pki, RevokedCertificate(5, at, Reason.SUPERSEDED), RevokedCertificate(6, at))
    crl = x509.load_der_x509_crl(der)
    assert crl.is_signature_valid(pki.issuing.private_key.public_key())
    assert (crl.last_update_utc, crl.next_update_utc) == (pki.now, pki.now + DAY)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    subject_key = pki.issuing.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    authority_key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert authority_key.value.key_identifier == subject_key.value.digest
    assert [entry.serial_number for entry in crl] == [5, 6]


def test_statuses(pki: TestPki):
    at = pki.now - timedelta(hours=2)
    der = made(pki, RevokedCertificate(pki.signer.serial, at, Reason.KEY_COMPROMISE))
    crl = verify(pki, der)
    assert crl.status == CertificateStatus.revoked(at, Reason.KEY_COMPROMISE)
    assert (crl.der, crl.number, crl.next_update) == (der, 7, pki.now + DAY)
    assert verify(pki, der, certificate=pki.tsa.der).status == CertificateStatus.good()


def test_freshness(pki: TestPki):
    with pytest.raises(RevocationAnswerStale):
        verify(pki, made(pki), now=pki.now + 2 * DAY)
    with pytest.raises(RevocationAnswerStale):
        verify(pki, made(pki), now=pki.now - DAY)


def test_list_of_another_issuer_is_refused(pki: TestPki):
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, made(pki, issuer=pki.root.der, sign=pki.root.sign))
    with pytest.raises(RevocationSignatureWrong):
        verify(pki, made(pki, sign=pki.signer.sign))
    with pytest.raises(RevocationSignatureWrong):
        verify(pki, made(TestPki()))
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, made(pki), issuer=pki.root.der)


def test_issuer_that_may_not_sign_lists_is_refused(pki: TestPki):
    not_a_ca = pki.issue("Not a CA", usage=ANSWERING)
    child = pki.issue("Child", issuer=not_a_ca)
    der = made(pki, issuer=not_a_ca.der, sign=not_a_ca.sign)
    with pytest.raises(RevocationSignerWrong):
        verify(pki, der, certificate=child.der, issuer=not_a_ca.der)


@pytest.mark.parametrize(
    "more",
    [
        {"only_contains_ca_certs": True},
        {"indirect_crl": True},
        {"only_contains_attribute_certs": True},
        {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})},
    ],
)
def test_partial_lists_are_refused(pki: TestPki, more: dict[str, Any]):
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, with_extension(pki, scope(**more)))


def test_a_list_for_users_serves_users_and_not_cas(pki: TestPki):
    assert verify(pki, with_extension(pki, scope(only_contains_user_certs=True))).status.is_good
    of_root = with_extension(pki, scope(only_contains_user_certs=True), by=pki.root)
    with pytest.raises(WrongCertificateAnswered):
        verify(pki, of_root, certificate=pki.issuing.der, issuer=pki.root.der)


def test_delta_lists_and_garbage_are_refused(pki: TestPki):
    with pytest.raises(RevocationMalformed):
        verify(pki, with_extension(pki, x509.DeltaCRLIndicator(3)))
    for garbage in (b"", b"\x30\x00", b"<html>"):
        with pytest.raises(RevocationMalformed):
            verify(pki, garbage)


def test_no_flipped_list_passes(pki: TestPki):
    whole = made(pki, RevokedCertificate(pki.signer.serial, pki.now))
    for position in range(len(whole)):
        flipped = whole[:position] + bytes((whole[position] ^ 0x55,)) + whole[position + 1 :]
        with pytest.raises(RevocationError):
            verify(pki, flipped)


@pytest.mark.parametrize(
    ("days", "kept_since", "reaches"),
    [(30, None, True), (-2, None, False), (-2, timedelta(days=-1), False), (-2, timedelta(days=-3), True)],
)
def test_a_list_from_after_the_end_tells_nothing_unless_it_keeps_what_has_ended(
    pki: TestPki, days: int, kept_since: timedelta | None, reaches: bool
):
    ended = pki.issue("Ended", days=days)
    since = pki.now + kept_since if kept_since else None
    crl = verify(pki, made(pki, kept_since=since), certificate=ended.der)
    assert crl.status.is_good
    assert crl.reaches_back is reaches
