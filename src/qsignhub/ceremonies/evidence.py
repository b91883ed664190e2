"""What the API shows of a signature, read off the very certificate and token in the document."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from qsignhub.foundation.clock import iso_milliseconds
from qsignhub.signature_requests.model import SignatureTimestamp, SigningCertificate
from qsignhub.timestamping.model import TimestampToken

_QC_STATEMENTS = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE = bytes.fromhex("0604008e460101")  # DER of 0.4.0.1862.1.1 (EN 319 412-5 clause 4.2.1)


def validity_of(certificate: bytes) -> tuple[datetime, datetime]:
    parsed = x509.load_der_x509_certificate(certificate)
    return parsed.not_valid_before_utc, parsed.not_valid_after_utc


def view_of_certificate(certificate: bytes, listed_issuers: Collection[str]) -> SigningCertificate:
    """``qualified`` is computed: the certificate declares it and a trusted list names its issuer.

    ``issuer`` is the organisation that issued it, as in ``certificate_issuer`` of a validation.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    organisation = _name(parsed.issuer, NameOID.ORGANIZATION_NAME)
    return SigningCertificate(
        issuer=organisation or _name(parsed.issuer, NameOID.COMMON_NAME),
        serial=serial_in_pairs(parsed.serial_number),
        valid_from=parsed.not_valid_before_utc.date().isoformat(),
        valid_to=parsed.not_valid_after_utc.date().isoformat(),
        qualified=_declares_qualified(parsed) and _issuer_key_id(parsed) in listed_issuers,
        tsp=organisation,
    )


def view_of_timestamp(token: TimestampToken) -> SignatureTimestamp:
    return SignatureTimestamp(
        value=iso_milliseconds(token.gen_time),
        authority=token.authority,
        hash=f"{token.hash_algorithm}:{token.imprint.hex()}",
    )


def serial_in_pairs(serial: int) -> str:
    """``3A:F2:9C``: hexadecimal, in pairs, as the contract prints it."""
    digits = f"{serial:X}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def key_id_of(certificate: bytes) -> str:
    """The subject key identifier in hexadecimal; empty if the certificate has none."""
    try:
        extensions = x509.load_der_x509_certificate(certificate).extensions
        return extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    except x509.ExtensionNotFound:
        return ""


def _name(name: x509.Name, oid: ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _declares_qualified(certificate: x509.Certificate) -> bool:
    try:
        statements = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        return False
    return isinstance(statements, x509.UnrecognizedExtension) and _QC_COMPLIANCE in statements.value


def _issuer_key_id(certificate: x509.Certificate) -> str:
    try:
        aki = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return ""
    return (aki.key_identifier or b"").hex()
