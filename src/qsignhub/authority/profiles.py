"""Certificate profiles of the built-in authority (RFC 5280), each marked SANDBOX.

Root CA ── Issuing CA ─┬─ OCSP responder   (id-pkix-ocsp-nocheck, RFC 6960 clause 4.2.2.2.1)
├─ timestamp authority (EKU timeStamping alone, critical, RFC 3161 clause 2.3)
└─ one-time signer certificates (contentCommitment alone)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

ORGANIZATION = "QSignHub Sandbox"
COUNTRY = "BE"
SIGNER_LIFETIME = timedelta(hours=24)
_CA_LIFETIME = timedelta(days=3650)
_SERVICE_LIFETIME = timedelta(days=1825)
_BACKDATED = timedelta(minutes=1)
_COMMON_NAME_OCTETS = 64  # ub-common-name (RFC 5280 appendix A), in octets to be safe everywhere


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the authority answers; these stand in the certificates that it issues."""

    base_url: str

    @property
    def root_certificate(self) -> str:
        return f"{self.base_url}/pki/root.crt"

    @property
    def root_crl(self) -> str:
        return f"{self.base_url}/pki/root.crl"

    @property
    def issuing_certificate(self) -> str:
        return f"{self.base_url}/pki/issuing.crt"

    @property
    def ocsp(self) -> str:
        return f"{self.base_url}/pki/ocsp"


@dataclass(frozen=True, slots=True)
class Subject:
    """The person a signer certificate names; ``country`` is ISO 3166-1 alpha-2."""

    name: str
    country: str | None


@dataclass(frozen=True, slots=True)
class Issuer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def root(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _service_name("Root CA")
    builder = _builder(name, name, key.public_key(), now, _CA_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def issuing_ca(key: ec.EllipticCurvePublicKey, issuer: Issuer, urls: Urls, now: datetime) -> x509.Certificate:
    builder = _issued(_service_name("Issuing CA"), key, issuer, now, _CA_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    builder = builder.add_extension(_access(ca_issuers=urls.root_certificate), critical=False)
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(urls.root_crl)], None, None, None)
    builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def ocsp_responder(
    key: ec.EllipticCurvePublicKey, issuer: Issuer, urls: Urls, now: datetime
) -> x509.Certificate:
    builder = _issued(_service_name("OCSP responder"), key, issuer, now, _SERVICE_LIFETIME)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
    builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    builder = builder.add_extension(_access(ca_issuers=urls.issuing_certificate), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def timestamp_authority(
    key: ec.EllipticCurvePublicKey, issuer: Issuer, urls: Urls, now: datetime
) -> x509.Certificate:
    builder = _issued(_service_name("TSA"), key, issuer, now, _SERVICE_LIFETIME)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    builder = builder.add_extension(
        _access(ca_issuers=urls.issuing_certificate, ocsp=urls.ocsp), critical=False
    )
    return builder.sign(issuer.key, hashes.SHA256())


def signer(
    key: ec.EllipticCurvePublicKey, subject: Subject, issuer: Issuer, urls: Urls, now: datetime
) -> x509.Certificate:
    builder = _issued(_signer_name(subject), key, issuer, now, SIGNER_LIFETIME)
    builder = builder.add_extension(_usage(content_commitment=True), critical=True)
    builder = builder.add_extension(
        _access(ca_issuers=urls.issuing_certificate, ocsp=urls.ocsp), critical=False
    )
    return builder.sign(issuer.key, hashes.SHA256())


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    begin = now.replace(microsecond=0) - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issued(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: Issuer, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    builder = _builder(subject, issuer.certificate.subject, key, now, lifetime)
    return builder.add_extension(authority, critical=False)


def _service_name(what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"SANDBOX QSignHub {what}"),
        ]
    )


def _signer_name(subject: Subject) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, subject.country or COUNTRY),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name(subject.name)),
        ]
    )


def common_name(name: str) -> str:
    """``SANDBOX`` and the name, cut between two characters where it would be too long in UTF-8."""
    cut = f"SANDBOX {name}".encode()[:_COMMON_NAME_OCTETS]
    return cut.decode(errors="ignore").rstrip()


def _access(*, ca_issuers: str, ocsp: str | None = None) -> x509.AuthorityInformationAccess:
    methods = [(AuthorityInformationAccessOID.CA_ISSUERS, ca_issuers)]
    if ocsp is not None:
        methods.insert(0, (AuthorityInformationAccessOID.OCSP, ocsp))
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in methods]
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
