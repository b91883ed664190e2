"""How OCSP names a certificate: by hashes of its issuer's name and key (RFC 6960, section 4.1.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from qsignhub.revocation.errors import RevocationMalformed

CERT_ID_HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


UNREADABLE = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What reading hostile X.509 and OCSP structures raises."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What is asked of an issuer's certificate again and again, computed once."""

    der: bytes
    certificate: x509.Certificate
    name: bytes
    """The subject, encoded as it stands in the certificate."""
    hashes: dict[str, tuple[bytes, bytes]]
    """Hash name to (issuerNameHash, issuerKeyHash)."""

    @property
    def key_hash_sha1(self) -> bytes:
        return self.hashes["sha1"][1]


@lru_cache(maxsize=256)
def load_issuer(der: bytes) -> Issuer:
    """Reads an issuer's (or a responder's) certificate. Raises RevocationMalformed."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        parsed = asn1_x509.Certificate.load(der, strict=True)["tbs_certificate"]
        name: bytes = parsed["subject"].dump()
        key: bytes = bytes(parsed["subject_public_key_info"]["public_key"])
    except UNREADABLE as wrong:
        raise RevocationMalformed("A certificate cannot be read") from wrong
    hashes = {
        algorithm: (hashlib.new(algorithm, name).digest(), hashlib.new(algorithm, key).digest())
        for algorithm in CERT_ID_HASHES.values()
    }
    return Issuer(der, certificate, name, hashes)


def load_certificate(der: bytes) -> x509.Certificate:
    """Reads a certificate. Raises RevocationMalformed."""
    try:
        return x509.load_der_x509_certificate(der)
    except UNREADABLE as wrong:
        raise RevocationMalformed("A certificate cannot be read") from wrong
