"""The peer: a bare pyHanko call that makes the same PAdES-B-LT signature.

Equal document, key kind (P-256, loaded), level, chain, timestamp authority (ours, in process) and
revocation data (an OCSP answer for signer and TSA, a CRL for the issuing CA), all at hand before the
clock starts. No certificate is issued, no journal kept, no file or database touched: bytes in, bytes out.
"""

from __future__ import annotations

import io

from asn1crypto import crl, ocsp, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from qsignhub.authority.service import Authority, Subject
from qsignhub.foundation.database import Database
from qsignhub.revocation.ports import RevocationSource


class LoadedKeySigner(signers.Signer):
    """A signer whose key is loaded once: pyHanko's own would load it again for each signature."""

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, store: SimpleCertificateStore
    ) -> None:
        super().__init__(signing_cert=certificate, cert_registry=store)
        self._key = key
        self._algorithm = ec.ECDSA(hashes.SHA256())

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        return self._key.sign(data, self._algorithm)


class InProcessTimeStamper(TimeStamper):
    def __init__(self, authority: Authority) -> None:
        super().__init__(include_nonce=True)
        self._responder = authority.timestamp_responder

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._responder.respond(req.dump()))


class BarePyHanko:
    def __init__(self, authority: Authority, revocation: RevocationSource, database: Database) -> None:
        self._authority = authority
        self._database = database
        self._revocation = revocation

    async def prepare(self) -> None:
        """Key, certificate and revocation data, before anything is measured."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuing, root = self._authority.chain
        async with self._database.transaction() as tx:
            subject = Subject("Bare pyHanko", "PL")
            certificate = await self._authority.issue_signer_certificate(
                tx, "bench-peer", key.public_key(), subject, "signer-aes"
            )
        self._root, self._issuing = x509.Certificate.load(root), x509.Certificate.load(issuing)
        store = SimpleCertificateStore()
        store.register_multiple([self._root, self._issuing])
        self._signer = LoadedKeySigner(key, x509.Certificate.load(certificate), store)
        self._timestamper = InProcessTimeStamper(self._authority)
        tsa = self._authority.timestamp_responder.certificate.der
        stamping, _ = self._authority.chain_of("ca-tsa")
        self._others = [self._issuing, x509.Certificate.load(stamping)]
        answers = [
            await self._revocation.ocsp(certificate, issuing),
            await self._revocation.ocsp(tsa, stamping),
        ]
        self._ocsps = [ocsp.OCSPResponse.load(answer.der) for answer in answers]
        listed = await self._revocation.crl(issuing, root)
        self._crls = [crl.CertificateList.load(listed.der)]

    async def sign(self, document: bytes) -> bytes:
        context = ValidationContext(
            trust_roots=[self._root],
            ocsps=self._ocsps,
            crls=self._crls,
            allow_fetching=False,
            revocation_mode="require",
            other_certs=self._others,
        )
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            embed_validation_info=True,
            validation_context=context,
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        signer = signers.PdfSigner(metadata, self._signer, timestamper=self._timestamper)
        output = await signer.async_sign_pdf(writer)
        return bytes(output.getbuffer())
