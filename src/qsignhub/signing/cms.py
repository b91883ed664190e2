"""CMS signatures for AdES (RFC 5652, ETSI EN 319 122-1), assembled around a signature made elsewhere.

What is to be signed is fixed first (``signed_attributes``) and can be stored; the signature value may
come from any custody, any time later (``assemble``). Each element is encoded once: what is the same in
every signature when this module is loaded, foreign DER (certificates, the token) never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509 import load_der_x509_certificate

from qsignhub.foundation.der import (
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    encode,
    integer,
    object_identifier,
)
from qsignhub.signing.errors import WrongSignature

CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1
DATA = object_identifier("1.2.840.113549.1.7.1")
SIGNED_DATA = object_identifier("1.2.840.113549.1.7.2")
_CONTENT_TYPE = object_identifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = object_identifier("1.2.840.113549.1.9.4")
_SIGNING_TIME = object_identifier("1.2.840.113549.1.9.5")
_SIGNATURE_TIMESTAMP = object_identifier("1.2.840.113549.1.9.16.2.14")
_SIGNING_CERTIFICATE_V2 = object_identifier("1.2.840.113549.1.9.16.2.47")
_VERSION_1 = integer(1)
_SHA256 = encode(SEQUENCE, object_identifier("2.16.840.1.101.3.4.2.1"))
DIGEST_ALGORITHMS = encode(SET, _SHA256)
_ECDSA_WITH_SHA256 = encode(SEQUENCE, object_identifier("1.2.840.10045.4.3.2"))
_CONTENT_TYPE_DATA = encode(SEQUENCE, _CONTENT_TYPE, encode(SET, DATA))
_DETACHED_DATA = encode(SEQUENCE, DATA)


def signed_attributes(
    content_digest: bytes, certificate: bytes, signing_time: datetime | None = None
) -> bytes:
    """DER of the SET OF signed attributes over a SHA-256 content digest.

    content-type, message-digest and signing-certificate-v2 (EN 319 122-1 clause 5.2.2.3). CAdES wants
    the claimed time as signing-time (clause 6.3); PAdES forbids it (EN 319 142-1 clause 6.3): there it
    stands in the PDF's /M.
    """
    message_digest = _attribute(_MESSAGE_DIGEST, encode(OCTET_STRING, content_digest))
    # ESSCertIDv2 with the default hash SHA-256 left out, as DER wants it (RFC 5035 section 3)
    identifier = encode(SEQUENCE, encode(OCTET_STRING, hashlib.sha256(certificate).digest()))
    signing_certificate = _attribute(_SIGNING_CERTIFICATE_V2, encode(SEQUENCE, encode(SEQUENCE, identifier)))
    attributes = [_CONTENT_TYPE_DATA, message_digest, signing_certificate]
    if signing_time is not None:
        attributes.append(_attribute(_SIGNING_TIME, _time(signing_time)))
    return encode(SET, *sorted(attributes))


def digest_to_sign(attributes: bytes) -> bytes:
    """SHA-256 of the DER SET OF attributes: what the signer's key signs (RFC 5652 clause 5.4)."""
    return hashlib.sha256(attributes).digest()


def verify_signature_value(signature: bytes, digest: bytes, certificate: bytes) -> None:
    """Checks a signature value against the certificate before anything is kept of it."""
    key = load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WrongSignature("The signer's certificate is not for an ECDSA key.")
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        raise WrongSignature(
            "The signature that came back does not fit the signer's certificate; it was not kept."
        ) from None


def assemble(
    attributes: bytes,
    signature: bytes,
    certificate: bytes,
    chain: Sequence[bytes],
    timestamp_token: bytes | None = None,
) -> bytes:
    """DER of a detached CMS signature (ContentInfo) with one SignerInfo; see ``signer_info``."""
    signed_data = encode(
        SEQUENCE,
        _VERSION_1,
        DIGEST_ALGORITHMS,
        _DETACHED_DATA,
        certificate_set((certificate, *chain)),
        encode(SET, signer_info(attributes, signature, certificate, timestamp_token)),
    )
    return encode(SEQUENCE, SIGNED_DATA, encode(CONTEXT_0, signed_data))


def signer_info(
    attributes: bytes, signature: bytes, certificate: bytes, timestamp_token: bytes | None = None
) -> bytes:
    """DER of one SignerInfo around an ECDSA signature value (DER, as in CMS).

    ``timestamp_token`` is a ContentInfo over the SHA-256 of the signature value; it becomes the
    unsigned attribute signature-time-stamp (EN 319 122-1 clause 5.3).
    """
    unsigned = b""
    if timestamp_token is not None:
        unsigned = encode(CONTEXT_1, _attribute(_SIGNATURE_TIMESTAMP, timestamp_token))
    return encode(
        SEQUENCE,
        _VERSION_1,
        _issuer_and_serial(certificate),
        _SHA256,
        # The very bytes that were signed: the SET tag gives way to the implicit [0].
        bytes([CONTEXT_0]) + attributes[1:],
        _ECDSA_WITH_SHA256,
        encode(OCTET_STRING, signature),
        unsigned,
    )


def certificate_set(certificates: Iterable[bytes]) -> bytes:
    """SignedData.certificates, each once."""
    return encode(CONTEXT_0, *sorted(set(certificates)))  # SET OF: DER wants it sorted


def _attribute(kind: bytes, value: bytes) -> bytes:
    return encode(SEQUENCE, kind, encode(SET, value))


def _issuer_and_serial(certificate: bytes) -> bytes:
    parsed = load_der_x509_certificate(certificate)
    return encode(SEQUENCE, parsed.issuer.public_bytes(), integer(parsed.serial_number))


def _time(moment: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime from then on (RFC 5652 clause 11.3)."""
    utc = moment.astimezone(UTC)
    if utc.year < 2050:
        return encode(UTC_TIME, f"{utc:%y%m%d%H%M%SZ}".encode())
    return encode(GENERALIZED_TIME, f"{utc:%Y%m%d%H%M%SZ}".encode())
