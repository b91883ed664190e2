"""Hashes and signature algorithms that a timestamp may use (ETSI TS 119 312).

SHA-1 and MD5 are nowhere accepted but in the old ESSCertID, where the hash only names a certificate.
"""

from __future__ import annotations

import hashlib

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from qsignhub.foundation.der import SEQUENCE, Element, encode, object_identifier
from qsignhub.timestamping.errors import TimestampAlgorithmWeak, TimestampSignatureWrong

NULL = b"\x05\x00"
MIN_RSA_BITS = 2048

_HASH_OIDS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}

HASH_IDENTIFIERS = {name: encode(SEQUENCE, object_identifier(oid)) for name, oid in _HASH_OIDS.items()}
"""AlgorithmIdentifier per hash, parameters absent (RFC 5754, section 2)."""

HASH_OF_IDENTIFIER = {
    encode(SEQUENCE, object_identifier(oid), parameters): name
    for name, oid in _HASH_OIDS.items()
    for parameters in (b"", NULL)
}
"""The hash that an encoded AlgorithmIdentifier names; implementations must accept both forms."""

ECDSA_WITH_SHA256 = encode(SEQUENCE, object_identifier("1.2.840.10045.4.3.2"))

_ECDSA = {
    object_identifier("1.2.840.10045.4.3.2"): "sha256",
    object_identifier("1.2.840.10045.4.3.3"): "sha384",
    object_identifier("1.2.840.10045.4.3.4"): "sha512",
}
_RSA_WITH_HASH = {
    object_identifier("1.2.840.113549.1.1.11"): "sha256",
    object_identifier("1.2.840.113549.1.1.12"): "sha384",
    object_identifier("1.2.840.113549.1.1.13"): "sha512",
}
_RSA_ENCRYPTION = object_identifier("1.2.840.113549.1.1.1")
_RSA_PSS = object_identifier("1.2.840.113549.1.1.10")


def hash_named_by(identifier: Element) -> str:
    """The hash of an AlgorithmIdentifier. Raises TimestampAlgorithmWeak for any other than SHA-2."""
    name = HASH_OF_IDENTIFIER.get(identifier.raw)
    if name is None:
        raise TimestampAlgorithmWeak("The timestamp uses a hash other than SHA-256, SHA-384 or SHA-512")
    return name


def digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data).digest()


def check_signature(
    public_key: object, identifier: Element, digest_name: str, signature: bytes, data: bytes
) -> None:
    """Verifies a SignerInfo's signature over ``data`` (RFC 5652, section 5.6; RFC 5753; RFC 4056).

    Raises TimestampSignatureWrong, or TimestampAlgorithmWeak where algorithm and key do not fit, the
    algorithm is not known, or an RSA key is shorter than 2048 bits.
    """
    algorithm = identifier.content[: 2 + identifier.content[1]] if len(identifier.content) > 1 else b""
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey) and algorithm in _ECDSA:
            public_key.verify(signature, data, ec.ECDSA(_HASHES[_ECDSA[algorithm]]))
        elif isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size >= MIN_RSA_BITS:
            scheme, hash_name = _rsa_scheme(algorithm, identifier, digest_name)
            public_key.verify(signature, data, scheme, _HASHES[hash_name])
        else:
            raise TimestampAlgorithmWeak("The timestamp's signature algorithm is not accepted")
    except InvalidSignature as wrong:
        raise TimestampSignatureWrong("The timestamp's signature does not hold") from wrong


def _rsa_scheme(
    algorithm: bytes, identifier: Element, digest_name: str
) -> tuple[padding.AsymmetricPadding, str]:
    if algorithm in _RSA_WITH_HASH:
        return padding.PKCS1v15(), _RSA_WITH_HASH[algorithm]
    if algorithm == _RSA_ENCRYPTION:
        return padding.PKCS1v15(), digest_name
    if algorithm == _RSA_PSS:
        return _pss_scheme(identifier)
    raise TimestampAlgorithmWeak("The timestamp's signature algorithm is not accepted")


def _pss_scheme(identifier: Element) -> tuple[padding.AsymmetricPadding, str]:
    try:
        parameters = algos.SignedDigestAlgorithm.load(identifier.raw, strict=True)["parameters"]
        hash_name = parameters["hash_algorithm"]["algorithm"].native
        mask = parameters["mask_gen_algorithm"]
        mask_hash = mask["parameters"]["algorithm"].native if mask["algorithm"].native == "mgf1" else None
        salt_length = parameters["salt_length"].native
    except (ValueError, TypeError, KeyError) as wrong:
        raise TimestampAlgorithmWeak("The parameters of RSASSA-PSS cannot be read") from wrong
    if hash_name not in _HASHES or mask_hash not in _HASHES:
        raise TimestampAlgorithmWeak("RSASSA-PSS is used with a hash that is not accepted")
    return padding.PSS(padding.MGF1(_HASHES[mask_hash]), salt_length), hash_name
