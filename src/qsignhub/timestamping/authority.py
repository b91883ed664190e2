"""The certificate of a timestamp authority: what it must be, read once per certificate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from qsignhub.foundation.der import INTEGER, SEQUENCE, Fields, read
from qsignhub.timestamping.errors import TimestampMalformed, WrongAuthority

_EXPLICIT_VERSION = 0xA0
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class AuthorityCertificate:
    der: bytes
    name: str
    issuer: bytes
    """The issuer's name, encoded as it stands in the certificate."""
    serial: bytes
    """The serial number, encoded."""
    key_identifier: bytes | None
    sha256: bytes
    not_before: datetime
    not_after: datetime
    public_key: object


@lru_cache(maxsize=256)
def authority_certificate(der: bytes) -> AuthorityCertificate:
    """Reads a TSA's certificate and checks its purpose.

    RFC 3161, section 2.3: extended key usage is critical, and timeStamping alone. Where a key usage is
    stated it allows signatures. Raises TimestampMalformed, WrongAuthority.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        public_key = certificate.public_key()
        issuer, serial = issuer_and_serial(der)
    except _UNREADABLE as wrong:
        raise TimestampMalformed("The timestamp authority's certificate cannot be read") from wrong
    _check_purpose(extensions)
    return AuthorityCertificate(
        der=der,
        name=_name(certificate.subject),
        issuer=issuer,
        serial=serial,
        key_identifier=_key_identifier(extensions),
        sha256=hashlib.sha256(der).digest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=public_key,
    )


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """The encoded issuer and serialNumber of a certificate. Raises NotDer."""
    outer = Fields(read(certificate).content)
    to_be_signed = Fields(outer.take(SEQUENCE).content)
    to_be_signed.optional(_EXPLICIT_VERSION)
    serial = to_be_signed.take(INTEGER).raw
    to_be_signed.take(SEQUENCE)
    return to_be_signed.take(SEQUENCE).raw, serial


def key_identifier_of(certificate: bytes) -> bytes | None:
    """The subject key identifier of any certificate; nothing where it cannot be read."""
    try:
        return _key_identifier(x509.load_der_x509_certificate(certificate).extensions)
    except _UNREADABLE:
        return None


def _check_purpose(extensions: x509.Extensions) -> None:
    try:
        purpose = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as missing:
        raise WrongAuthority("The certificate has no extended key usage: it may not timestamp") from missing
    if list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise WrongAuthority("The certificate's extended key usage is not timeStamping alone")
    if not purpose.critical:
        raise WrongAuthority("The certificate's extended key usage is not critical")
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise WrongAuthority("The certificate's key usage does not allow signatures")


def _key_identifier(extensions: x509.Extensions) -> bytes | None:
    try:
        return extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _name(subject: x509.Name) -> str:
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject.rfc4514_string()
