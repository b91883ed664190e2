"""Checking an OCSP response (RFC 6960, section 3.2; RFC 9654)."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from qsignhub.revocation.errors import (
    RevocationAnswerRefused,
    RevocationAnswerStale,
    RevocationMalformed,
    RevocationSignatureWrong,
    RevocationSignerWrong,
    RevocationUnavailable,
    WrongCertificateAnswered,
    WrongRevocationNonce,
)
from qsignhub.revocation.issuers import UNREADABLE, Issuer, load_certificate, load_issuer
from qsignhub.revocation.model import CertificateStatus, OcspAnswer
from qsignhub.revocation.reach import ARCHIVE_CUTOFF, moment_in, reaches
from qsignhub.revocation.reasons import reason_of
from qsignhub.revocation.signatures import check_signature, delegated_responder

ALLOWED_SKEW = timedelta(seconds=60)
MAX_AGE = timedelta(hours=24)
MAX_ANSWER_OCTETS = 64 * 1024

_TRANSIENT = (ocsp.OCSPResponseStatus.INTERNAL_ERROR, ocsp.OCSPResponseStatus.TRY_LATER)


def verify_ocsp(
    answer_der: bytes,
    certificate: bytes,
    issuer: bytes,
    *,
    nonce: bytes | None,
    now: datetime,
    nonce_required: bool = True,
    allowed_skew: timedelta = ALLOWED_SKEW,
    max_age: timedelta = MAX_AGE,
) -> OcspAnswer:
    """The answer about ``certificate``, once everything about it holds.

    Checked: successful; one answer with this certificate's CertID (serial, and the hashes of ``issuer``'s
    name and key); signed by the issuer itself or by a responder that it entitled; thisUpdate, nextUpdate
    and producedAt around ``now``, and an answer without nextUpdate not older than ``max_age``. ``nonce``
    is what was sent: a nonce in the answer must be the same, and with ``nonce_required`` there must be
    one (responders that hand out prepared answers have none).

    Raises RevocationUnavailable where the responder says tryLater or internalError, else the
    RevocationAnswerRefused that names what does not hold.
    """
    if len(answer_der) > MAX_ANSWER_OCTETS:
        raise RevocationMalformed("The OCSP response is too long")
    subject, authority = load_certificate(certificate), load_issuer(issuer)
    if subject.issuer != authority.certificate.subject:
        raise WrongCertificateAnswered("The certificate was not issued by the issuer that is given for it")
    try:
        response = ocsp.load_der_ocsp_response(answer_der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _unsuccessful(response.response_status)
        single = _single(response, subject.serial_number, authority)
        certificates = tuple(response.certificates)
        _check_nonce(response.extensions, nonce, required=nonce_required)
        responder, others = _responder(response, certificates, authority, now)
        check_signature(
            responder.certificate.public_key(),
            response.signature_hash_algorithm,
            response.signature,
            response.tbs_response_bytes,
        )
        answer = OcspAnswer(
            der=answer_der,
            status=_status(single),
            this_update=single.this_update_utc,
            next_update=single.next_update_utc,
            produced_at=response.produced_at_utc,
            responder=responder.der,
            certificates=others,
            reaches_back=reaches(subject, single.this_update_utc, _kept_since(response)),
        )
    except UnsupportedAlgorithm as wrong:
        raise RevocationSignatureWrong("The OCSP response uses an algorithm that is not known") from wrong
    except UNREADABLE as wrong:
        raise RevocationMalformed(f"The OCSP response cannot be read: {wrong}") from wrong
    _check_fresh(answer, now, allowed_skew, max_age)
    return answer


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> RevocationUnavailable | RevocationAnswerRefused:
    said = f"The OCSP responder answered {status.name}"
    return RevocationUnavailable(said) if status in _TRANSIENT else RevocationAnswerRefused(said)


def _single(response: ocsp.OCSPResponse, serial: int, issuer: Issuer) -> ocsp.OCSPSingleResponse:
    for single in response.responses:
        if single.serial_number != serial:
            continue
        hashes = issuer.hashes.get(single.hash_algorithm.name)
        if hashes == (single.issuer_name_hash, single.issuer_key_hash):
            return single
    raise WrongCertificateAnswered("The OCSP response is not about this certificate of this issuer")


def _check_nonce(extensions: x509.Extensions, sent: bytes | None, *, required: bool) -> None:
    try:
        received = extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        if sent is not None and required:
            raise WrongRevocationNonce("The OCSP response does not carry the nonce that was sent") from None
        return
    if sent is not None and received != sent:
        raise WrongRevocationNonce("The OCSP response carries another nonce than was sent: a replay")


def _responder(
    response: ocsp.OCSPResponse, certificates: tuple[x509.Certificate, ...], issuer: Issuer, now: datetime
) -> tuple[Issuer, tuple[bytes, ...]]:
    """The one who signed, as responderID names it, and the DER of all certificates that came along."""
    others = tuple(_der(certificate) for certificate in certificates)
    if _is_named(response, issuer):
        return issuer, others
    for other in others:
        if _is_named(response, load_issuer(other)):
            return delegated_responder(other, issuer, now), others
    raise RevocationSignerWrong("The OCSP response is signed by neither the issuer nor a responder in it")


def _is_named(response: ocsp.OCSPResponse, candidate: Issuer) -> bool:
    if response.responder_key_hash is not None:
        return response.responder_key_hash == candidate.key_hash_sha1
    return response.responder_name == candidate.certificate.subject


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _status(single: ocsp.OCSPSingleResponse) -> CertificateStatus:
    if single.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return CertificateStatus.good()
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return CertificateStatus.unknown()
    at = single.revocation_time_utc
    if at is None:
        raise RevocationMalformed("A revoked status without its time")
    return CertificateStatus.revoked(at, reason_of(single.revocation_reason))


def _kept_since(response: ocsp.OCSPResponse) -> datetime | None:
    """By archiveCutoff. In an answer about several certificates it is not looked for: then it is absent."""
    if len(list(response.responses)) > 1:
        return None
    return moment_in(response.single_extensions, ARCHIVE_CUTOFF)


def _check_fresh(answer: OcspAnswer, now: datetime, skew: timedelta, max_age: timedelta) -> None:
    if answer.this_update > now + skew or answer.produced_at > now + skew:
        raise RevocationAnswerStale("The OCSP response is from the future")
    if answer.next_update is None:
        if now - answer.this_update > max_age + skew:
            raise RevocationAnswerStale("The OCSP response is too old")
    elif answer.next_update < max(now - skew, answer.this_update):
        raise RevocationAnswerStale("The OCSP response is over: its nextUpdate has passed")
