from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from qsignhub.foundation.clock import SettableClock
from qsignhub.revocation.model import CertificateStatus, Reason, State
from qsignhub.revocation.responder import OcspResponder
from qsignhub.revocation.verify_ocsp import verify_ocsp
from tests.pki import LoadedKey, TestPki


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def responder(pki: TestPki) -> OcspResponder:
    return OcspResponder(
        issuer=pki.issuing.der,
        certificate=pki.ocsp.der,
        sign=pki.ocsp.sign,
        clock=SettableClock(pki.now),
        archive_cutoff=pki.issuing.certificate.not_valid_before_utc,
    )


def query(
    certificate: LoadedKey, issuer: LoadedKey, algorithm: Any = None, nonce: bytes | None = b"n" * 16
) -> bytes:
    """A request made with another encoder."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate.certificate, issuer.certificate, algorithm or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def good(serial: int) -> CertificateStatus:
    return CertificateStatus.good()


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
def test_another_parser_reads_every_field(pki: TestPki, responder: OcspResponder, algorithm: Any):
    request = query(pki.signer, pki.issuing, algorithm)
    assert responder.requested_serials(request) == [pki.signer.serial]
    response = ocsp.load_der_ocsp_response(responder.respond(request, good))
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.serial_number == pki.signer.serial
    assert isinstance(response.hash_algorithm, type(algorithm))
    assert response.this_update_utc == response.produced_at_utc == pki.now
    assert response.next_update_utc == pki.now + timedelta(hours=24)
    assert response.responder_name is None
    assert [one.public_bytes(Encoding.DER) for one in response.certificates] == [pki.ocsp.der]
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    response_data = asn1_ocsp.OCSPResponse.load(responder.respond(request, good)).response_data
    single = response_data["responses"][0]["single_extensions"][0]
    assert single["extn_id"].native == "archive_cutoff"
    assert single["extn_value"].parsed.native == pki.issuing.certificate.not_valid_before_utc


def test_the_certificate_asked_about_is_repeated_to_the_octet(pki: TestPki, responder: OcspResponder):
    request = query(pki.signer, pki.issuing)
    asked = asn1_ocsp.OCSPRequest.load(request)["tbs_request"]["request_list"][0]["req_cert"].dump()
    answered = asn1_ocsp.OCSPResponse.load(responder.respond(request, good)).response_data
    assert answered["responses"][0]["cert_id"].dump() == asked


def test_no_nonce_where_none_was_sent(pki: TestPki, responder: OcspResponder):
    answer = responder.respond(query(pki.signer, pki.issuing, nonce=None), good)
    assert list(ocsp.load_der_ocsp_response(answer).extensions) == []


@pytest.mark.parametrize("reason", [None, Reason.UNSPECIFIED, Reason.KEY_COMPROMISE, Reason.SUPERSEDED])
def test_revoked_with_time_and_reason(pki: TestPki, responder: OcspResponder, reason: Reason | None):
    at = pki.now - timedelta(hours=3)
    answer = responder.respond(
        query(pki.signer, pki.issuing), lambda serial: CertificateStatus.revoked(at, reason)
    )
    response = ocsp.load_der_ocsp_response(answer)
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == at
    expected = {
        Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
        Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    }
    assert response.revocation_reason is (expected.get(reason) if reason else None)


def test_another_issuers_certificate_is_unknown_and_not_looked_up(pki: TestPki, responder: OcspResponder):
    request = query(pki.issuing, pki.root)
    assert responder.requested_serials(request) == []
    answer = responder.respond(request, lambda serial: pytest.fail("not this issuer's"))
    assert ocsp.load_der_ocsp_response(answer).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_what_was_never_issued_is_unknown(pki: TestPki, responder: OcspResponder):
    answer = responder.respond(query(pki.signer, pki.issuing), lambda serial: CertificateStatus.unknown())
    assert ocsp.load_der_ocsp_response(answer).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_several_certificates_in_one_request(pki: TestPki, responder: OcspResponder):
    one, two = (asn1_ocsp.OCSPRequest.load(query(key, pki.issuing)) for key in (pki.signer, pki.tsa))
    both = asn1_ocsp.OCSPRequest(
        {
            "tbs_request": {
                "request_list": [
                    one["tbs_request"]["request_list"][0],
                    two["tbs_request"]["request_list"][0],
                ]
            }
        }
    ).dump()
    assert responder.requested_serials(both) == [pki.signer.serial, pki.tsa.serial]
    revoked = CertificateStatus.revoked(pki.now)
    answer = responder.respond(both, {pki.signer.serial: revoked, pki.tsa.serial: good(0)}.__getitem__)
    statuses = [one.certificate_status for one in ocsp.load_der_ocsp_response(answer).responses]
    assert statuses == [ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.GOOD]


def test_what_cannot_be_read_is_a_malformed_request(pki: TestPki, responder: OcspResponder):
    whole = query(pki.signer, pki.issuing)
    empty_nonce = query(pki.signer, pki.issuing, nonce=b"")
    long_nonce = query(pki.signer, pki.issuing, nonce=bytes(200))
    for request in (b"", b"text", whole[:-1], whole + b"\x00", empty_nonce, long_nonce, bytes(20_000)):
        answer = ocsp.load_der_ocsp_response(responder.respond(request, good))
        assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
        assert responder.requested_serials(request) == []


def test_the_issuer_may_answer_itself(pki: TestPki):
    direct = OcspResponder(
        issuer=pki.issuing.der,
        certificate=pki.issuing.der,
        sign=pki.issuing.sign,
        clock=SettableClock(pki.now),
    )
    response = ocsp.load_der_ocsp_response(direct.respond(query(pki.signer, pki.issuing), good))
    assert response.certificates == []


def test_a_status_is_consistent():
    with pytest.raises(ValueError, match="revoked"):
        CertificateStatus(State.REVOKED)


def test_what_a_request_may_hold_besides(pki: TestPki, responder: OcspResponder):
    """A requestor's name, extensions of one question, other extensions, a signature."""
    serial = pki.signer.serial
    plain = asn1_ocsp.OCSPRequest.load(query(pki.signer, pki.issuing))
    cert_id = plain["tbs_request"]["request_list"][0]["req_cert"].native
    other = {"extn_id": "1.2.3.4.8", "extn_value": b"\x30\x00"}
    single = {"extn_id": "1.2.3.4.7", "extn_value": b"\x30\x00"}
    request = asn1_ocsp.OCSPRequest(
        {
            "tbs_request": {
                "requestor_name": asn1_x509.GeneralName("rfc822_name", "me@example.com"),
                "request_list": [{"req_cert": cert_id, "single_request_extensions": [single]}],
                "request_extensions": [other],
            },
            "optional_signature": {
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": b"not looked at",
            },
        }
    ).dump()
    assert responder.requested_serials(request) == [serial]
    response = ocsp.load_der_ocsp_response(responder.respond(request, good))
    assert (response.serial_number, list(response.extensions)) == (serial, [])


def test_a_critical_extension_that_is_not_known(pki: TestPki, responder: OcspResponder):
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        pki.signer.certificate, pki.issuing.certificate, hashes.SHA1()
    )
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for critical, expected in ((False, "SUCCESSFUL"), (True, "MALFORMED_REQUEST")):
        request = builder.add_extension(unknown, critical).build().public_bytes(Encoding.DER)
        answer = ocsp.load_der_ocsp_response(responder.respond(request, good))
        assert answer.response_status.name == expected


def test_the_answer_is_der_to_the_last_octet(pki: TestPki, responder: OcspResponder):
    """Another encoder makes the same octets of what it reads."""
    at = pki.now - timedelta(hours=3)
    for status in (good(0), CertificateStatus.unknown(), CertificateStatus.revoked(at, Reason.SUPERSEDED)):
        encoded = responder.respond(query(pki.signer, pki.issuing), {pki.signer.serial: status}.__getitem__)
        response = asn1_ocsp.OCSPResponse.load(encoded, strict=True)
        assert response.native
        assert response.dump(force=True) == encoded


@pytest.mark.parametrize(("years_kept", "reaches"), [(None, False), (5, True)])
def test_of_a_certificate_that_has_ended_only_an_archive_cutoff_tells(
    pki: TestPki, years_kept: int | None, reaches: bool
):
    """RFC 6960 clause 4.4.4."""
    ended = pki.issue("Ended", days=-2)
    responder = OcspResponder(
        issuer=pki.issuing.der,
        certificate=pki.ocsp.der,
        sign=pki.ocsp.sign,
        clock=SettableClock(pki.now),
        archive_cutoff=pki.now - timedelta(days=365 * years_kept) if years_kept else None,
    )
    for certificate, expected in ((ended, reaches), (pki.signer, True)):
        response = responder.respond(query(certificate, pki.issuing), good)
        told = verify_ocsp(response, certificate.der, pki.issuing.der, nonce=b"n" * 16, now=pki.now)
        assert told.status.is_good
        assert told.reaches_back is expected
