"""A small test PKI, made anew in a few milliseconds: real X.509, P-256, nothing on disk.

    root ── issuing ─┬─ signer   (keyUsage contentCommitment, AIA caIssuers + OCSP, CRL DP)
                     ├─ tsa      (EKU timeStamping, critical and alone)
                     └─ ocsp     (EKU OCSPSigning, ocsp-nocheck: the delegated responder of ``issuing``)

Every member is a ``LoadedKey``: its certificate as DER (``.der``), its chain, the private key, and
``.sign(data)``, which makes an ECDSA signature (DER) with SHA-256 over ``data``, as the responders want it:

    pki = TestPki()                                      # valid from yesterday, for a year
    responder = TimestampResponder(certificate=pki.tsa.der, chain=[pki.issuing.der], sign=pki.tsa.sign, ...)
    other = pki.issue("Jan Nowak", usage=SIGNING)        # one more certificate under ``issuing``
    pki.root.pem()                                       # for openssl -CAfile

``TestPki(base_url=...)`` sets where the certificates say that OCSP and CRL are to be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
TSA_POLICY = "1.3.6.1.4.1.99999.1.1"

CERTIFYING = frozenset({"key_cert_sign", "crl_sign"})
SIGNING = frozenset({"content_commitment"})
ANSWERING = frozenset({"digital_signature"})

TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
OCSP_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING


@dataclass(frozen=True)
class LoadedKey:
    """A certificate with its private key and its issuers, nearest first."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The issuers' certificates, DER, nearest first, the root last."""
        return tuple(issuer.public_bytes(serialization.Encoding.DER) for issuer in self.issuers)

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256, DER."""
        return self.private_key.sign(data, ec.ECDSA(hashes.SHA256()))

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def write_pem(self, path: Path) -> Path:
        path.write_bytes(self.pem())
        return path


class TestPki:
    """Root, issuing CA, TSA, OCSP responder and a signer."""

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(self, *, base_url: str = "http://127.0.0.1:9", now: datetime | None = None) -> None:
        self.base_url = base_url
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self.root = self._make("Test Root", None, CERTIFYING, ca=True, path_length=1, days=3650)
        self.issuing = self._make("Test Issuing CA", self.root, CERTIFYING, ca=True, path_length=0, days=1800)
        self.tsa = self.issue("Test TSA", usage=ANSWERING, purposes=[TIME_STAMPING])
        self.ocsp = self.issue("Test OCSP", usage=ANSWERING, purposes=[OCSP_SIGNING])
        self.signer = self.issue("Anna Kowalska", usage=SIGNING)

    def issue(
        self,
        name: str,
        *,
        usage: frozenset[str] = SIGNING,
        purposes: Sequence[x509.ObjectIdentifier] = (),
        purposes_critical: bool | None = None,
        issuer: LoadedKey | None = None,
        days: int = 365,
        curve: ec.EllipticCurve | None = None,
        addresses: bool = True,
    ) -> LoadedKey:
        """An end-entity certificate under ``issuer`` (the issuing CA).

        ``purposes`` is the extended key usage; critical for timeStamping unless said otherwise.
        ``days`` counts from now; a negative number makes an expired certificate. Without ``addresses``
        it names neither OCSP nor CRL.
        """
        return self._make(
            name,
            issuer or self.issuing,
            usage,
            purposes=purposes,
            purposes_critical=purposes_critical,
            days=days,
            curve=curve,
            addresses=addresses,
        )

    def ocsp_url(self, issuer: str) -> str:
        return f"{self.base_url}/ocsp/{_slug(issuer)}"

    def crl_url(self, issuer: str) -> str:
        return f"{self.base_url}/crl/{_slug(issuer)}.crl"

    def _make(
        self,
        name: str,
        issuer: LoadedKey | None,
        usage: frozenset[str],
        *,
        ca: bool = False,
        path_length: int | None = None,
        purposes: Sequence[x509.ObjectIdentifier] = (),
        purposes_critical: bool | None = None,
        days: int = 365,
        curve: ec.EllipticCurve | None = None,
        addresses: bool = True,
    ) -> LoadedKey:
        key = ec.generate_private_key(curve or ec.SECP256R1())
        signing_key = issuer.private_key if issuer else key
        subject = _name(name)
        start = self.now - DAY if days > 0 else self.now + timedelta(days=days) - DAY
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
            .add_extension(_key_usage(usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
            )
        )
        if purposes:
            critical = TIME_STAMPING in purposes if purposes_critical is None else purposes_critical
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
        if OCSP_SIGNING in purposes:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        elif issuer and addresses:
            builder = self._with_addresses(builder, _common_name(issuer.certificate))
        certificate = builder.sign(signing_key, hashes.SHA256())
        issuers = (issuer.certificate, *issuer.issuers) if issuer else ()
        return LoadedKey(certificate, key, issuers)

    def _with_addresses(self, builder: x509.CertificateBuilder, issuer: str) -> x509.CertificateBuilder:
        def url(value: str) -> x509.UniformResourceIdentifier:
            return x509.UniformResourceIdentifier(value)

        access = [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, url(self.ocsp_url(issuer))),
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, url(f"{self.base_url}/ca/{_slug(issuer)}.cer")
            ),
        ]
        point = x509.DistributionPoint([url(self.crl_url(issuer))], None, None, None)
        return builder.add_extension(x509.AuthorityInformationAccess(access), critical=False).add_extension(
            x509.CRLDistributionPoints([point]), critical=False
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "QSignHub Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _key_usage(usage: frozenset[str]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digital_signature" in usage,
        content_commitment="content_commitment" in usage,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign="key_cert_sign" in usage,
        crl_sign="crl_sign" in usage,
        encipher_only=False,
        decipher_only=False,
    )
