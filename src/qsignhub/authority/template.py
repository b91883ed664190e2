"""What a certificate is to say, before anybody signs it: TBSCertificate (RFC 5280 clause 4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from qsignhub.foundation import der

SubjectKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_VERSION_3 = der.encode(0xA0, der.integer(2))
_TRUE = b"\x01\x01\xff"
_EXTENSIONS = 0xA3
ECDSA_WITH_SHA256 = der.sequence(der.object_identifier("1.2.840.10045.4.3.2"))
ECDSA_WITH_SHA384 = der.sequence(der.object_identifier("1.2.840.10045.4.3.3"))


@dataclass(frozen=True, slots=True)
class Extension:
    """``value`` is what extnValue holds, DER."""

    oid: str
    critical: bool
    value: bytes

    @classmethod
    def of(cls, extension: x509.ExtensionType, *, critical: bool) -> Extension:
        return cls(extension.oid.dotted_string, critical, extension.public_bytes())

    def encode(self) -> bytes:
        return der.sequence(
            der.object_identifier(self.oid),
            _TRUE if self.critical else b"",
            der.encode(der.OCTET_STRING, self.value),
        )


@dataclass(frozen=True, slots=True)
class Template:
    """``profile`` is the name of the profile that it has to hold to. ``issuer`` and ``subject`` are Names,
    ``public_key`` is a SubjectPublicKeyInfo and ``algorithm`` an AlgorithmIdentifier, all in DER.
    """

    profile: str
    serial: int
    algorithm: bytes
    issuer: bytes
    not_before: datetime
    not_after: datetime
    subject: bytes
    public_key: bytes
    extensions: tuple[Extension, ...]

    def to_be_signed(self) -> bytes:
        return der.sequence(
            _VERSION_3,
            der.integer(self.serial),
            self.algorithm,
            self.issuer,
            der.sequence(der.time(self.not_before), der.time(self.not_after)),
            self.subject,
            self.public_key,
            der.encode(_EXTENSIONS, der.sequence(*(extension.encode() for extension in self.extensions))),
        )


@dataclass(frozen=True)
class Issuer:
    """A CA that signs: its certificate and its key (P-256 or P-384)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @cached_property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @cached_property
    def name(self) -> bytes:
        return self.certificate.subject.public_bytes()

    @cached_property
    def algorithm(self) -> bytes:
        return algorithm_of(self.key)

    @cached_property
    def key_identifier(self) -> Extension:
        """The AuthorityKeyIdentifier of what it issues."""
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return Extension.of(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
        )


def algorithm_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The signature algorithm that fits a key (TS 119 312): SHA-384 with P-384, SHA-256 with P-256."""
    return ECDSA_WITH_SHA384 if isinstance(key.curve, ec.SECP384R1) else ECDSA_WITH_SHA256


def signed(to_be_signed: bytes, algorithm: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The Certificate, DER. ``algorithm`` is what it says about its signature, as the signed part does."""
    digest = hashes.SHA384() if isinstance(key.curve, ec.SECP384R1) else hashes.SHA256()
    signature = key.sign(to_be_signed, ec.ECDSA(digest))
    return der.sequence(to_be_signed, algorithm, der.encode(der.BIT_STRING, b"\x00" + signature))


def public_key_info(key: SubjectKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
