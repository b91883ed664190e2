"""Signature algorithms by their object identifiers, over digests that are made already."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from qsignhub.sandbox_qtsp.credentials import PrivateKey
from qsignhub.sandbox_qtsp.csc.errors import CscError

RSA: Final = "1.2.840.113549.1.1.1"
RSA_PSS: Final = "1.2.840.113549.1.1.10"
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SHA256, _SHA384, _SHA512 = HASHES
_RSA_WITH = {
    "1.2.840.113549.1.1.11": _SHA256,
    "1.2.840.113549.1.1.12": _SHA384,
    "1.2.840.113549.1.1.13": _SHA512,
}
_ECDSA_WITH = {
    "1.2.840.10045.4.3.2": _SHA256,
    "1.2.840.10045.4.3.3": _SHA384,
    "1.2.840.10045.4.3.4": _SHA512,
}
ALL: Final = (*_ECDSA_WITH, RSA, *_RSA_WITH, RSA_PSS)
_CURVES = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34"}


def of_key(key: PrivateKey) -> tuple[str, ...]:
    """The algorithms (OIDs) that a key may sign with."""
    if isinstance(key, rsa.RSAPrivateKey):
        return (RSA, *_RSA_WITH, RSA_PSS)
    return ("1.2.840.10045.4.3.2",) if key.key_size == 256 else ("1.2.840.10045.4.3.3",)


def curve_of(key: PrivateKey) -> str | None:
    return _CURVES[key.curve.name] if isinstance(key, ec.EllipticCurvePrivateKey) else None


def implied_hash(algorithm: str) -> str | None:
    """The OID of the hash that a signature algorithm says by itself."""
    return _RSA_WITH.get(algorithm) or _ECDSA_WITH.get(algorithm)


class Scheme:
    """How to sign: an algorithm, its parameters and the hash, checked against each other. Raises CscError."""

    def __init__(self, algorithm: str, parameters: str | None, hash_oid: str | None, hash_name: str) -> None:
        self.algorithm = algorithm
        self._pss: padding.PSS | None = None
        if algorithm == RSA_PSS:
            self._pss, hash_oid = _pss(parameters)
        self.hash_oid = implied_hash(algorithm) or hash_oid
        if self.hash_oid is None:
            raise CscError(f"Missing (or invalid type) string parameter {hash_name}")
        if self.hash_oid not in HASHES:
            raise CscError(f"Invalid parameter {hash_name}")
        self._hash = HASHES[self.hash_oid]

    def sign(self, key: PrivateKey, digest: bytes) -> bytes:
        """ECDSA signatures as DER (RFC 3279 clause 2.2.3)."""
        if len(digest) != self._hash.digest_size:
            raise CscError("Invalid digest value length")
        prehashed = Prehashed(self._hash)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, self._pss or padding.PKCS1v15(), prehashed)
        return key.sign(digest, ec.ECDSA(prehashed))


def _pss(parameters: str | None) -> tuple[padding.PSS, str]:
    """RSASSA-PSS-params (RFC 8017 A.2.3), base64 of DER; one hash for the message and the mask."""
    if parameters is None:
        raise CscError("Missing (or invalid type) string parameter signAlgoParams")
    try:
        found = algos.RSASSAPSSParams.load(base64.b64decode(parameters, validate=True), strict=True)
        hash_oid = found["hash_algorithm"]["algorithm"].dotted
        mask = found["mask_gen_algorithm"]
        mask_hash = mask["parameters"]["algorithm"].dotted
        salt_length = int(found["salt_length"].native)
        trailer = int(found["trailer_field"])
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise CscError("Invalid parameter signAlgoParams") from None
    if hash_oid not in HASHES or mask_hash != hash_oid or not 0 <= salt_length <= 64 or trailer != 1:
        raise CscError("Invalid parameter signAlgoParams")
    return padding.PSS(padding.MGF1(HASHES[hash_oid]), salt_length), hash_oid
