"""Signed PDFs of our own making: a P-256 trust hierarchy in process and a fixed time line.

    SANDBOX Root ── SANDBOX Issuing CA ┬─ one-time signer certificates (valid for an hour)
                                       ├─ TSA
                                       └─ OCSP responder (ocsp-nocheck)

Everything happens on ``SIGNED_AT``; tests validate at ``LATER`` (the certificate has expired) or
within the hour.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from asn1crypto import cms, tsp
from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen import canvas

SIGNED_AT = datetime(2025, 3, 3, 10, 0, tzinfo=UTC)
WITHIN = SIGNED_AT + timedelta(minutes=20)
LATER = SIGNED_AT + timedelta(days=200)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Level = Literal["B", "T", "LT", "LTA"]


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "EE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "QSignHub Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der(certificate))


def _asn1_key(key: PrivateKey) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Holder:
    certificate: x509.Certificate
    key: PrivateKey


class StandingStillTimestamper(TimeStamper):
    """An RFC 3161 authority in process, whose clock shows ``at``."""

    def __init__(self, tsa: Holder, chain: tuple[x509.Certificate, ...], at: datetime) -> None:
        super().__init__(include_nonce=True)
        self._tsa = tsa
        self._chain = chain
        self._at = at

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        assert isinstance(self._tsa.key, ec.EllipticCurvePrivateKey)
        own = _asn1(self._tsa.certificate)
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4",
                "message_imprint": req["message_imprint"],
                "serial_number": secrets.randbits(120),
                "gen_time": self._at,
                "accuracy": {"seconds": 1},
                "nonce": req["nonce"],
            }
        ).dump()
        identifier = tsp.ESSCertIDv2(
            {"hash_algorithm": {"algorithm": "sha256"}, "cert_hash": hashlib.sha256(own.dump()).digest()}
        )
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(info).digest()]},
                {
                    "type": "signing_certificate_v2",
                    "values": [tsp.SigningCertificateV2({"certs": [identifier]})],
                },
            ]
        )
        signer_info = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    {
                        "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                            {"issuer": own.issuer, "serial_number": own.serial_number}
                        )
                    }
                ),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": self._tsa.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        signed_data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": cms.ParsableOctetString(info),
                },
                "certificates": [own, *(_asn1(one) for one in self._chain)],
                "signer_infos": [signer_info],
            }
        )
        token = cms.ContentInfo({"content_type": "signed_data", "content": signed_data})
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})


class Hierarchy:
    def __init__(self, prefix: str = "SANDBOX") -> None:
        self.root = self._issue(f"{prefix} Root", None, usage=("key_cert_sign", "crl_sign"), ca=True)
        crl_point = x509.CRLDistributionPoints(
            [
                x509.DistributionPoint(
                    [x509.UniformResourceIdentifier("http://ca.invalid/root.crl")], None, None, None
                )
            ]
        )
        self.issuing = self._issue(
            f"{prefix} Issuing CA",
            self.root,
            usage=("key_cert_sign", "crl_sign"),
            ca=True,
            extensions=(crl_point,),
        )
        self.tsa = self._issue(
            f"{prefix} TSA",
            self.issuing,
            usage=("digital_signature",),
            extensions=(self._access(),),
            purpose=ExtendedKeyUsageOID.TIME_STAMPING,
        )
        self.responder = self._issue(
            f"{prefix} OCSP",
            self.issuing,
            usage=("digital_signature",),
            extensions=(x509.OCSPNoCheck(),),
            purpose=ExtendedKeyUsageOID.OCSP_SIGNING,
        )

    def signer(
        self,
        common_name: str = "SANDBOX Anna Maria Kowalska",
        *,
        not_before: datetime = SIGNED_AT - timedelta(minutes=1),
        not_after: datetime = SIGNED_AT + timedelta(hours=1),
        key: PrivateKey | None = None,
    ) -> Holder:
        return self._issue(
            common_name,
            self.issuing,
            usage=("content_commitment",),
            extensions=(self._access(),),
            not_before=not_before,
            not_after=not_after,
            key=key,
        )

    def timestamper(self, at: datetime) -> TimeStamper:
        return StandingStillTimestamper(self.tsa, (self.issuing.certificate, self.root.certificate), at)

    def store(self) -> SimpleCertificateStore:
        store: SimpleCertificateStore = SimpleCertificateStore.from_certs(
            [_asn1(self.root.certificate), _asn1(self.issuing.certificate)]
        )
        return store

    def ocsp_response(self, subject: Holder, at: datetime, revoked_at: datetime | None = None) -> bytes:
        return (
            ocsp.OCSPResponseBuilder()
            .add_response(
                subject.certificate,
                self.issuing.certificate,
                hashes.SHA1(),  # the CertID's hash, as RFC 6960 profiles have it; no signature is over SHA-1
                ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD,
                at,
                at + timedelta(days=1),
                revoked_at,
                x509.ReasonFlags.key_compromise if revoked_at else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
            .certificates([self.responder.certificate])
            .sign(self.responder.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )

    def root_crl(self, at: datetime) -> bytes:
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.certificate.subject)
            .last_update(at - timedelta(hours=1))
            .next_update(at + timedelta(days=7))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.key.public_key()), critical=False
            )
            .sign(self.root.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )

    @staticmethod
    def _access() -> x509.AuthorityInformationAccess:
        return x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(oid, x509.UniformResourceIdentifier(url))
                for oid, url in (
                    (AuthorityInformationAccessOID.OCSP, "http://ca.invalid/ocsp"),
                    (AuthorityInformationAccessOID.CA_ISSUERS, "http://ca.invalid/issuing.cer"),
                )
            ]
        )

    @staticmethod
    def _issue(
        common_name: str,
        issuer: Holder | None,
        *,
        usage: tuple[str, ...],
        ca: bool = False,
        extensions: tuple[x509.ExtensionType, ...] = (),
        purpose: x509.ObjectIdentifier | None = None,
        not_before: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        not_after: datetime = datetime(2045, 1, 1, tzinfo=UTC),
        key: PrivateKey | None = None,
    ) -> Holder:
        key = key or ec.generate_private_key(ec.SECP256R1())
        issuer_key = issuer.key if issuer else key
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(issuer.certificate.subject if issuer else _name(common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(*usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        if purpose is not None:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([purpose]), critical=purpose == ExtendedKeyUsageOID.TIME_STAMPING
            )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return Holder(builder.sign(issuer_key, hashes.SHA256()), key)


@cache
def hierarchy() -> Hierarchy:
    return Hierarchy()


@cache
def plain_pdf() -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, invariant=1, pageCompression=0)
    page.drawString(72, 720, "Service agreement: the fee is 100 EUR a month.")
    page.acroForm.textfield(name="remark", x=72, y=600, width=200, height=20)
    page.showPage()
    page.save()
    return out.getvalue()


async def add_signature(
    document: bytes,
    signer: Holder,
    *,
    field: str = "Signature1",
    at: datetime = SIGNED_AT,
    timestamp: bool = True,
    pki: Hierarchy | None = None,
    digest: str = "sha256",
    docmdp: fields.MDPPerm | None = None,
) -> bytes:
    pki = pki or hierarchy()
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=docmdp is not None,
        docmdp_permissions=docmdp or fields.MDPPerm.FILL_FORMS,
    )
    simple = signers.SimpleSigner(
        signing_cert=_asn1(signer.certificate), signing_key=_asn1_key(signer.key), cert_registry=pki.store()
    )
    pdf_signer = signers.PdfSigner(metadata, simple, timestamper=pki.timestamper(at) if timestamp else None)
    out = await pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document)))
    return bytes(out.getbuffer())


def add_validation_data(
    document: bytes,
    *signers_: Holder,
    at: datetime = SIGNED_AT,
    revoked_at: datetime | None = None,
    pki: Hierarchy | None = None,
) -> bytes:
    """A DSS revision with the chain, OCSP answers for signers and TSA, and the root's CRL."""
    pki = pki or hierarchy()
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    answers = [pki.ocsp_response(one, at, revoked_at) for one in signers_]
    answers.append(pki.ocsp_response(pki.tsa, at))
    certificates = [*signers_, pki.tsa, pki.responder, pki.issuing, pki.root]
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[_asn1(one.certificate) for one in certificates],
        ocsps=[asn1_ocsp.OCSPResponse.load(answer) for answer in answers],
        crls=[asn1_crl.CertificateList.load(pki.root_crl(at))],
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def add_document_timestamp(
    document: bytes, at: datetime = SIGNED_AT + timedelta(seconds=5), *, pki: Hierarchy | None = None
) -> bytes:
    stamper = PdfTimeStamper((pki or hierarchy()).timestamper(at), field_name=f"Timestamp{len(document)}")
    out = await stamper.async_timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(document)), "sha256")
    return bytes(out.getbuffer())


async def sample(level: Level, signer: Holder | None = None, *, pki: Hierarchy | None = None) -> bytes:
    pki = pki or hierarchy()
    signer = signer or pki.signer()
    document = await add_signature(plain_pdf(), signer, timestamp=level != "B", pki=pki)
    if level in ("LT", "LTA"):
        document = add_validation_data(document, signer, at=SIGNED_AT + timedelta(seconds=2), pki=pki)
    if level == "LTA":
        document = await add_document_timestamp(document, pki=pki)
    return document
