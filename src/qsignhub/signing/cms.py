"""CMS signatures for AdES (RFC 5652, ETSI EN 319 122-1), assembled around a signature made elsewhere.

What is to be signed is fixed first (``signed_attributes``) and can be stored; the signature value may
come from any custody, any time later (``assemble``). Each element is encoded once: what is the same in
every signature when this module is loaded, foreign DER (certificates, the token) never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.x509 import load_der_x509_certificate

from qsignhub.foundation.der import (
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode,
    integer,
    object_identifier,
    time,
)
from qsignhub.foundation.signature_algorithms import HASH_OIDS, HashName, SignatureAlgorithm
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
DIGEST_ALGORITHMS: dict[HashName, bytes] = {
    name: encode(SEQUENCE, object_identifier(oid)) for name, oid in HASH_OIDS.items()
}
"""AlgorithmIdentifier of each hash, parameters absent (RFC 5754 section 2)."""
_CONTENT_TYPE_DATA = encode(SEQUENCE, _CONTENT_TYPE, encode(SET, DATA))
_DETACHED_DATA = encode(SEQUENCE, DATA)


def signed_attributes(
    content_digest: bytes,
    certificate: bytes,
    signing_time: datetime | None = None,
    more: Iterable[bytes] = (),
) -> bytes:
    """DER of the SET OF signed attributes over a content digest: the message that the signer's key signs
    (RFC 5652 clause 5.4). The digest's hash is that of the signature algorithm.

    content-type, message-digest and signing-certificate-v2 (EN 319 122-1 clause 5.2.2.3). CAdES wants
    the claimed time as signing-time (clause 6.3); PAdES forbids it (EN 319 142-1 clause 6.3): there it
    stands in the PDF's /M. ``more`` are further attributes, each as ``attribute`` gives it.
    """
    message_digest = attribute(_MESSAGE_DIGEST, encode(OCTET_STRING, content_digest))
    # ESSCertIDv2 with the default hash SHA-256 left out, as DER wants it (RFC 5035 section 3)
    identifier = encode(SEQUENCE, encode(OCTET_STRING, hashlib.sha256(certificate).digest()))
    signing_certificate = attribute(_SIGNING_CERTIFICATE_V2, encode(SEQUENCE, encode(SEQUENCE, identifier)))
    attributes = [_CONTENT_TYPE_DATA, message_digest, signing_certificate, *more]
    if signing_time is not None:
        attributes.append(attribute(_SIGNING_TIME, time(signing_time)))
    return encode(SET, *sorted(attributes))


def verify_signature_value(
    algorithm: SignatureAlgorithm, signature: bytes, message: bytes, certificate: bytes
) -> None:
    """Checks a signature value against the certificate before anything is kept of it."""
    key = load_der_x509_certificate(certificate).public_key()
    if not algorithm.holds(key, signature, message):
        raise WrongSignature(
            "The signature that came back does not fit the signer's certificate; it was not kept."
        )


def assemble(
    attributes: bytes,
    signature: bytes,
    certificate: bytes,
    algorithm: SignatureAlgorithm,
    chain: Sequence[bytes],
    timestamp_token: bytes | None = None,
) -> bytes:
    """DER of a detached CMS signature (ContentInfo) with one SignerInfo; see ``signer_info``."""
    signed_data = encode(
        SEQUENCE,
        _VERSION_1,
        encode(SET, DIGEST_ALGORITHMS[algorithm.hash_name]),
        _DETACHED_DATA,
        certificate_set((certificate, *chain)),
        encode(SET, signer_info(attributes, signature, certificate, algorithm, timestamp_token)),
    )
    return encode(SEQUENCE, SIGNED_DATA, encode(CONTEXT_0, signed_data))


def signer_info(
    attributes: bytes,
    signature: bytes,
    certificate: bytes,
    algorithm: SignatureAlgorithm,
    timestamp_token: bytes | None = None,
) -> bytes:
    """DER of one SignerInfo around a signature value (ECDSA: DER, as in CMS).

    ``timestamp_token`` is a ContentInfo over the SHA-256 of the signature value; it becomes the
    unsigned attribute signature-time-stamp (EN 319 122-1 clause 5.3).
    """
    unsigned = b""
    if timestamp_token is not None:
        unsigned = encode(CONTEXT_1, attribute(_SIGNATURE_TIMESTAMP, timestamp_token))
    return encode(
        SEQUENCE,
        _VERSION_1,
        _issuer_and_serial(certificate),
        DIGEST_ALGORITHMS[algorithm.hash_name],
        # The very bytes that were signed: the SET tag gives way to the implicit [0].
        bytes([CONTEXT_0]) + attributes[1:],
        algorithm.identifier,
        encode(OCTET_STRING, signature),
        unsigned,
    )


def certificate_set(certificates: Iterable[bytes]) -> bytes:
    """SignedData.certificates, each once."""
    return encode(CONTEXT_0, *sorted(set(certificates)))  # SET OF: DER wants it sorted


def attribute(kind: bytes, value: bytes) -> bytes:
    """DER of an Attribute with one value; ``kind`` is an encoded OBJECT IDENTIFIER."""
    return encode(SEQUENCE, kind, encode(SET, value))


def _issuer_and_serial(certificate: bytes) -> bytes:
    parsed = load_der_x509_certificate(certificate)
    return encode(SEQUENCE, parsed.issuer.public_bytes(), integer(parsed.serial_number))
