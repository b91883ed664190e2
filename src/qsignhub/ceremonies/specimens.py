"""Specimen files of the sandbox: what a validator has to refuse, made by the real parts.

Made once for each installation and base URL, when first asked for, and kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.authority.service import Authority, Subject
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.blobs import BlobMissing, Blobs
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_token
from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.revocation.verify_ocsp import verify_ocsp
from qsignhub.signing.format import DataObject, Intent, Made
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.pades.text_page import text_page
from qsignhub.signing.validation_data import ValidationData

_PADES = FORMATS["pades", "enveloped"]
_DOCUMENT = DataObject("revoked.pdf", "application/pdf")
_TEXT = (
    "QSignHub sandbox specimen: a revoked certificate",
    "",
    "This page is signed, and the certificate of its signer was revoked before a",
    "timestamp could prove when. The OCSP answer that says so is in this file.",
    "A validator must not find this signature valid.",
    "",
    "No legal value.",
)


class Specimens:
    def __init__(
        self, sandbox: TrustService, authority: Authority, blobs: Blobs, folder: Path, clock: Clock
    ) -> None:
        self._sandbox = sandbox
        self._authority = authority
        self._blobs = blobs
        self._folder = folder
        self._clock = clock

    async def revoked_pdf(self, tx: Transaction) -> bytes:
        """A PDF (PAdES) signed with a certificate that was revoked: OCSP says so, in the file and online."""
        issuing = hashlib.sha256(self._authority.chain[0]).hexdigest()
        key = f"sandbox/specimens/{issuing[:16]}/revoked.pdf"
        try:
            return await self._blobs.read(key)
        except BlobMissing:
            await self._authority.alone(tx)
        try:
            return await self._blobs.read(key)  # somebody else has made it meanwhile
        except BlobMissing:
            content = await self._make_revoked(tx)
        await self._blobs.put(key, content)
        return content

    async def _make_revoked(self, tx: Transaction) -> bytes:
        """Signed, then revoked, then timestamped: the time that is proven is after the revocation.

        The key lives and ends here: it is nobody's, and never in custody.
        """
        trust = self._sandbox
        private_key = ec.generate_private_key(ec.SECP256R1())
        certificate = await self._authority.issue_signer_certificate(
            tx,
            f"specimen-{new_token()}",
            private_key.public_key(),
            Subject(name="Revoked Specimen", country=None),
            profile="signer-aes",  # one that says its validity is assured would not be asked about
        )
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            source, target = Path(name) / "source.pdf", Path(name) / "target.pdf"
            await asyncio.to_thread(source.write_bytes, text_page(_TEXT))
            intent = Intent("Signature-specimen", certificate, ES256, self._clock.now(), _DOCUMENT)
            prepared = await asyncio.to_thread(_PADES.prepare, source, None, target, intent)
            signature = ES256.sign(private_key, _PADES.message(prepared))
            await self._authority.revoke(tx, certificate, "key_compromise")
            token = await trust.timestamps.timestamp(_PADES.imprint(prepared, signature, certificate))
            issuing, root = self._authority.chain
            stamping, _ = self._authority.chain_above(token.certificate)
            made = Made(
                prepared=prepared,
                first=True,
                data_object=_DOCUMENT,
                certificate=certificate,
                algorithm=ES256,
                chain=(issuing,),
                signature=signature,
                timestamp_token=token.der,
                validation_data=ValidationData(
                    list(dict.fromkeys((certificate, *token.certificates, issuing, stamping, root))),
                    [
                        await self._own_answer(tx, certificate),
                        (await trust.revocation.ocsp(token.certificate, stamping)).der,
                    ],
                    [(await trust.revocation.crl(issuing, root)).der],
                ),
            )
            await asyncio.to_thread(_PADES.embed, target, made)
            return await asyncio.to_thread(target.read_bytes)

    async def _own_answer(self, tx: Transaction, certificate: bytes) -> bytes:
        """Of our responder, asked within this transaction: nobody else sees the revocation yet."""
        issuing, nonce = self._authority.chain[0], fresh_nonce()
        request = build_request(certificate, issuing, nonce=nonce)
        answer = await self._authority.answer_ocsp(tx, request)
        return verify_ocsp(answer, certificate, issuing, nonce=nonce, now=self._clock.now()).der
