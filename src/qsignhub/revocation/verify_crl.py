"""Checking a CRL and asking it about a certificate (RFC 5280, section 6.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from qsignhub.revocation.errors import (
    RevocationAnswerStale,
    RevocationMalformed,
    RevocationSignatureWrong,
    RevocationSignerWrong,
    WrongCertificateAnswered,
)
from qsignhub.revocation.issuers import UNREADABLE, load_certificate, load_issuer
from qsignhub.revocation.model import CertificateStatus, Crl
from qsignhub.revocation.reach import EXPIRED_CERTS_ON_CRL, moment_in, reaches
from qsignhub.revocation.reasons import reason_of
from qsignhub.revocation.signatures import check_signature

ALLOWED_SKEW = timedelta(seconds=60)
MAX_CRL_OCTETS = 20 * 1024 * 1024
_MAX_KEPT_OCTETS = 64 * 1024

_KNOWN_CRITICAL = (x509.IssuingDistributionPoint.oid,)
_KNOWN_CRITICAL_ENTRY = (x509.CRLReason.oid, x509.InvalidityDate.oid)


def verify_crl(
    crl_der: bytes,
    certificate: bytes,
    issuer: bytes,
    *,
    now: datetime,
    allowed_skew: timedelta = ALLOWED_SKEW,
) -> Crl:
    """What the CRL of ``issuer`` says about ``certificate``, once the list itself holds.

    Checked: issued and signed by ``issuer``, whose key usage allows it; in force at ``now``; a whole list
    (no delta, not indirect, not for some reasons only) that covers this kind of certificate; no critical
    extension that is not known. Raises the RevocationAnswerRefused that names what does not hold.
    """
    if len(crl_der) > MAX_CRL_OCTETS:
        raise RevocationMalformed("The revocation list is too long")
    read = _read_again if len(crl_der) <= _MAX_KEPT_OCTETS else _read
    answer = read(crl_der, certificate, issuer)
    if answer.this_update > now + allowed_skew:
        raise RevocationAnswerStale("The revocation list is from the future")
    if answer.next_update < now - allowed_skew:
        raise RevocationAnswerStale("The revocation list is over: its nextUpdate has passed")
    return answer


def _read(crl_der: bytes, certificate: bytes, issuer: bytes) -> Crl:
    """What holds of it at any time."""
    subject, authority = load_certificate(certificate), load_issuer(issuer).certificate
    if subject.issuer != authority.subject:
        raise WrongCertificateAnswered("The certificate was not issued by the issuer that is given for it")
    try:
        crl = x509.load_der_x509_crl(crl_der)
        if crl.issuer != authority.subject:
            raise WrongCertificateAnswered("The revocation list is another issuer's")
        _check_may_sign(authority)
        check_signature(
            authority.public_key(), crl.signature_hash_algorithm, crl.signature, crl.tbs_certlist_bytes
        )
        _check_scope(crl.extensions, subject)
        return Crl(
            der=crl_der,
            status=_status(crl, subject.serial_number),
            this_update=crl.last_update_utc,
            next_update=_next_update(crl),
            number=_number(crl.extensions),
            reaches_back=reaches(
                subject, crl.last_update_utc, moment_in(crl.extensions, EXPIRED_CERTS_ON_CRL)
            ),
        )
    except UnsupportedAlgorithm as wrong:
        raise RevocationSignatureWrong("The revocation list uses an algorithm that is not known") from wrong
    except UNREADABLE as wrong:
        raise RevocationMalformed(f"The revocation list cannot be read: {wrong}") from wrong


_read_again = lru_cache(maxsize=64)(_read)
"""A CA's list is the same for everybody until the next one (errors are not kept)."""


def _check_may_sign(issuer: x509.Certificate) -> None:
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.crl_sign:
        raise RevocationSignerWrong("The issuer's key usage does not allow signing revocation lists")


def _check_scope(extensions: x509.Extensions, subject: x509.Certificate) -> None:
    for extension in extensions:
        if extension.critical and extension.oid not in _KNOWN_CRITICAL:
            named = extension.oid.dotted_string
            raise RevocationMalformed(f"The revocation list has an unknown critical extension, {named}")
    try:
        point = extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    is_ca = _is_ca(subject)
    partial = point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs
    other_kind = point.only_contains_user_certs if is_ca else point.only_contains_ca_certs
    if partial or other_kind:
        raise WrongCertificateAnswered("The revocation list does not cover this certificate in full")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _status(crl: x509.CertificateRevocationList, serial: int) -> CertificateStatus:
    entry = crl.get_revoked_certificate_by_serial_number(serial)
    if entry is None:
        return CertificateStatus.good()
    reason = None
    for extension in entry.extensions:
        if extension.critical and extension.oid not in _KNOWN_CRITICAL_ENTRY:
            raise RevocationMalformed("The entry on the revocation list has an unknown critical extension")
        if isinstance(extension.value, x509.CRLReason):
            reason = reason_of(extension.value.reason)
    return CertificateStatus.revoked(entry.revocation_date_utc, reason)


def _next_update(crl: x509.CertificateRevocationList) -> datetime:
    if crl.next_update_utc is None:
        raise RevocationMalformed("The revocation list has no nextUpdate (RFC 5280, section 5.1.2.5)")
    return crl.next_update_utc


def _number(extensions: x509.Extensions) -> int | None:
    try:
        return extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None
