"""Signature algorithms that people's keys are used with: what each is called, and what holds for it.

ETSI TS 119 312: ECDSA on P-256 and P-384, RSA from 3000 bits with PKCS#1 v1.5 or PSS, Ed25519. One key
has one algorithm, for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from qsignhub.foundation.der import SEQUENCE, encode, integer, object_identifier

Name: TypeAlias = Literal["ES256", "ES384", "RS256", "PS256", "EdDSA"]
HashName: TypeAlias = Literal["sha256", "sha384", "sha512"]
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

MIN_RSA_BITS = 3000
_RSA_BITS = 3072
_HASHES: dict[HashName, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
HASH_OIDS: dict[HashName, str] = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_NULL = b"\x05\x00"
_SALT_OCTETS = 32


class AlgorithmUnknown(ValueError):
    """No algorithm of this name, or none for such a key."""


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """``name`` as JOSE has it (RFC 7518, RFC 8037)."""

    name: Name
    hash_name: HashName
    """Of the message; for Ed25519, which hashes by itself, the digest that CMS pairs it with (RFC 8419)."""
    identifier: bytes
    """AlgorithmIdentifier, DER, as in a SignerInfo."""
    xml_uri: str
    """SignatureMethod (RFC 9231)."""

    @property
    def hash(self) -> hashes.HashAlgorithm:
        return _HASHES[self.hash_name]

    @property
    def padding(self) -> padding.AsymmetricPadding:
        """Of the RSA algorithms. The salt is as long as the hash (RFC 4055 section 3.1)."""
        if self.name == "PS256":
            return padding.PSS(padding.MGF1(self.hash), _SALT_OCTETS)
        return padding.PKCS1v15()

    def fits(self, key: PublicKey) -> bool:
        """Whether a key is one that new signatures may be made with under this algorithm."""
        return self._is_of(key) and not (isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS)

    def _is_of(self, key: object) -> bool:
        if isinstance(key, ec.EllipticCurvePublicKey):
            return (self.name, key.curve.name) in {("ES256", "secp256r1"), ("ES384", "secp384r1")}
        if isinstance(key, rsa.RSAPublicKey):
            return self.name in {"RS256", "PS256"}
        return isinstance(key, ed25519.Ed25519PublicKey) and self.name == "EdDSA"

    def sign(self, key: PrivateKey, message: bytes) -> bytes:
        """ECDSA-Sig-Value (DER), an RSA signature value, or the 64 octets of Ed25519."""
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, ec.ECDSA(self.hash))
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, self.padding, self.hash)
        return key.sign(message)

    def holds(self, key: object, signature: bytes, message: bytes) -> bool:
        """Whether a public key's owner made the signature value; False too for a key of another kind."""
        try:
            if not self._is_of(key):
                return False
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, message, ec.ECDSA(self.hash))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, message, self.padding, self.hash)
            elif isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def generate(self) -> PrivateKey:
        """A fresh key in software."""
        if self.name == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        if self.name == "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        if self.name == "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(65537, _RSA_BITS)


def _pss_parameters() -> bytes:
    """RSASSA-PSS-params with SHA-256 throughout (RFC 4055 section 3.1)."""
    sha256 = encode(SEQUENCE, object_identifier(HASH_OIDS["sha256"]), _NULL)
    mask = encode(SEQUENCE, object_identifier("1.2.840.113549.1.1.8"), sha256)
    return encode(
        SEQUENCE,
        encode(0xA0, sha256),
        encode(0xA1, mask),
        encode(0xA2, integer(_SALT_OCTETS)),
    )


def _identifier(oid: str, parameters: bytes = b"") -> bytes:
    return encode(SEQUENCE, object_identifier(oid), parameters)


_MORE = "http://www.w3.org/2001/04/xmldsig-more"
ES256 = SignatureAlgorithm("ES256", "sha256", _identifier("1.2.840.10045.4.3.2"), f"{_MORE}#ecdsa-sha256")
ES384 = SignatureAlgorithm("ES384", "sha384", _identifier("1.2.840.10045.4.3.3"), f"{_MORE}#ecdsa-sha384")
RS256 = SignatureAlgorithm(
    "RS256", "sha256", _identifier("1.2.840.113549.1.1.11", _NULL), f"{_MORE}#rsa-sha256"
)
PS256 = SignatureAlgorithm(
    "PS256",
    "sha256",
    _identifier("1.2.840.113549.1.1.10", _pss_parameters()),
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
)
EDDSA = SignatureAlgorithm(
    "EdDSA", "sha512", _identifier("1.3.101.112"), "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
)
ALGORITHMS: dict[str, SignatureAlgorithm] = {one.name: one for one in (ES256, ES384, RS256, PS256, EDDSA)}


def algorithm_named(name: str) -> SignatureAlgorithm:
    """Raises AlgorithmUnknown."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise AlgorithmUnknown(f"There is no signature algorithm {name}.") from None


def algorithms_for(key: object) -> tuple[SignatureAlgorithm, ...]:
    """The algorithms that a public key can be used with, the preferred one first; none for a weak key."""
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        return ()
    return tuple(one for one in (ES256, ES384, PS256, RS256, EDDSA) if one.fits(key))
