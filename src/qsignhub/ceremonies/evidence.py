"""What the API shows of a signature, read off the very certificate and token in the document."""

from __future__ import annotations

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


def view_of_certificate(certificate: bytes, *, qualified: bool) -> SigningCertificate:
    """``qualified`` is what the trusted lists say of it, at the time of the signature.

    ``issuer`` is the organisation that issued it, as in ``certificate_issuer`` of a validation.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    organisation = _name(parsed.issuer, NameOID.ORGANIZATION_NAME)
    return SigningCertificate(
        issuer=organisation or _name(parsed.issuer, NameOID.COMMON_NAME),
        serial=serial_in_pairs(parsed.serial_number),
        valid_from=parsed.not_valid_before_utc.date().isoformat(),
        valid_to=parsed.not_valid_after_utc.date().isoformat(),
        qualified=qualified,
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


def _name(name: x509.Name, oid: ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
