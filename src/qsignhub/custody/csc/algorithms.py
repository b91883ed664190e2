"""Algorithms by their OIDs (clause 5 and ``key/algo``, ``signAlgo``, ``hashAlgorithmOID`` of clause 11)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from asn1crypto.algos import RSASSAPSSParams

HASH_OIDS: Mapping[str, str] = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_DIGEST_OCTETS: Mapping[str, int] = {"sha256": 32, "sha384": 48, "sha512": 64}

_EC_KEY = "1.2.840.10045.2.1"
_RSA = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
_PREFERENCE: Mapping[str, tuple[str, ...]] = {
    # with the hash in the name, then the bare key algorithm, then BSI TR-03111's plain ECDSA (r || s)
    "ES256": ("1.2.840.10045.4.3.2", _EC_KEY, "0.4.0.127.0.7.1.1.4.1.3"),
    "ES384": ("1.2.840.10045.4.3.3", _EC_KEY, "0.4.0.127.0.7.1.1.4.1.4"),
    "RS256": ("1.2.840.113549.1.1.11", _RSA),
    "PS256": (_RSA_PSS,),
}
"""The names are JOSE's. Ed25519 is not among them: it signs messages, and ``signHash`` takes digests."""


@dataclass(frozen=True, slots=True)
class SignAlgo:
    """``parameters`` is base64 of DER, only for RSASSA-PSS (RFC 8017, A.2.3)."""

    oid: str
    parameters: str | None = None


def sign_algo(name: str, hash_name: str, offered: Collection[str]) -> SignAlgo | None:
    """How the service is asked for this algorithm; None if the key is not offered with it."""
    for oid in _PREFERENCE.get(name, ()):
        if oid in offered:
            return SignAlgo(oid, _pss_parameters(hash_name) if oid == _RSA_PSS else None)
    return None


def _pss_parameters(hash_name: str) -> str:
    """The same hash inside MGF1, and a salt of its length: what PAdES and TS 119 312 take for granted."""
    parameters = RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": hash_name},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": hash_name}},
            "salt_length": _DIGEST_OCTETS[hash_name],
        }
    )
    return b64encode(parameters.dump()).decode()
