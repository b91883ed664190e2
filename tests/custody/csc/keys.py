"""Credentials as a remote service holds them: real keys, real certificates, and its words about them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.custody.csc.scripted import Asked, Said

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ECDSA_SHA256, ECDSA_SHA384 = "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3"
EC_KEY, RSA, RSA_SHA256, RSA_PSS = (
    "1.2.840.10045.2.1",
    "1.2.840.113549.1.1.1",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.10",
)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Ed25519PrivateKey


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def certificate(
    key: PrivateKey,
    *,
    content_commitment: bool = True,
    digital_signature: bool = False,
    usage: bool = True,
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=1),
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anna Kowalska")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if usage:
        bits = {
            "key_encipherment": not (content_commitment or digital_signature),
            "data_encipherment": False,
            "key_agreement": False,
            "key_cert_sign": False,
            "crl_sign": False,
            "encipher_only": False,
            "decipher_only": False,
        }
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=digital_signature, content_commitment=content_commitment, **bits),
            critical=True,
        )
    signed = builder.sign(key, None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def described(
    der: bytes, *algorithms: str, v2: bool = False, chain: tuple[bytes, ...] = (), **changes: Any
) -> dict[str, Any]:
    """``credentials/info``, implicit unless changed."""
    implicit: dict[str, Any] = {"auth": {"mode": "implicit"}} if v2 else {"authMode": "implicit"}
    said = {
        "key": {"status": "enabled", "algo": list(algorithms or (ECDSA_SHA256,)), "len": 256},
        "cert": {
            "status": "valid",
            "certificates": [b64encode(one).decode() for one in (der, *chain)],
        },
        "multisign": 1,
    }
    return said | implicit | changes


@dataclass(frozen=True)
class Signing:
    """``signatures/signHash`` with a real key over whatever digests arrive."""

    key: PrivateKey
    raw: bool = False
    pss: bool = False

    def __call__(self, asked: Asked) -> Said:
        hashes_ = asked.json.get("hashes") or asked.json["hash"]
        return Said({"signatures": [b64encode(self.value(b64decode(one))).decode() for one in hashes_]})

    def value(self, digest: bytes) -> bytes:
        hash_ = Prehashed(hashes.SHA256() if len(digest) == 32 else hashes.SHA384())
        if isinstance(self.key, rsa.RSAPrivateKey):
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if self.pss else padding.PKCS1v15()
            return self.key.sign(digest, scheme, hash_)
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        der = self.key.sign(digest, ec.ECDSA(hash_))
        if not self.raw:
            return der
        octets = self.key.curve.key_size // 8
        return b"".join(number.to_bytes(octets, "big") for number in decode_dss_signature(der))
