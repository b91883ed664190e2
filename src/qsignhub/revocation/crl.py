"""Making certificate revocation lists (RFC 5280, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.revocation.issuers import load_certificate
from qsignhub.revocation.model import Reason
from qsignhub.revocation.reach import expired_certs_on_crl
from qsignhub.revocation.reasons import REASON_FLAGS


@dataclass(frozen=True, slots=True)
class RevokedCertificate:
    serial: int
    revoked_at: datetime
    reason: Reason | None = None


class _KeyElsewhere:
    """A private key for cryptography's builder that only knows how to have something signed."""

    def __init__(self, public_key: ec.EllipticCurvePublicKey, sign: Callable[[bytes], bytes]) -> None:
        self._public_key = public_key
        self._sign = sign

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public_key

    def sign(self, data: bytes, algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(algorithm.algorithm, hashes.SHA256):
            raise TypeError("this key signs with SHA-256")
        return self._sign(data)


ec.EllipticCurvePrivateKey.register(_KeyElsewhere)


def build_crl(
    *,
    issuer: bytes,
    sign: Callable[[bytes], bytes],
    revoked: Iterable[RevokedCertificate],
    number: int,
    this_update: datetime,
    next_update: datetime,
    kept_since: datetime | None = None,
) -> bytes:
    """A full CRL of ``issuer``, DER, with CRLNumber, authority key identifier and nextUpdate.

    ``sign`` makes an ECDSA signature (DER) with SHA-256; ``number`` must rise with every list;
    ``kept_since``: nothing is dropped that ended at that time or later (expiredCertsOnCRL). Raises
    TypeError where the issuer's key is not an elliptic-curve key.
    """
    certificate = load_certificate(issuer)
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise TypeError("only elliptic-curve keys sign our revocation lists")
    try:
        subject_key = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        key_identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key)
    except x509.ExtensionNotFound:
        key_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(this_update)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(key_identifier, critical=False)
    )
    if kept_since is not None:
        builder = builder.add_extension(expired_certs_on_crl(kept_since), critical=False)
    for entry in revoked:
        builder = builder.add_revoked_certificate(_entry(entry))
    key = cast("ec.EllipticCurvePrivateKey", _KeyElsewhere(public_key, sign))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _entry(entry: RevokedCertificate) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.revoked_at)
    if entry.reason:  # unspecified is left out (RFC 5280, section 5.3.1)
        builder = builder.add_extension(x509.CRLReason(REASON_FLAGS[entry.reason]), critical=False)
    return builder.build()
