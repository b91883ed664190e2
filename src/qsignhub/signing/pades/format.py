"""PAdES for the signing cycle, from B-B to B-LTA: each signature is an incremental revision of the PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_der_x509_certificate

from qsignhub.signing import cms
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import Intent, Made, Prepared, PreparedArchive
from qsignhub.signing.pades.revision import (
    TOKEN_BYTES,
    PreparedRevision,
    append_validation_data,
    fill,
    prepare_document_timestamp,
    prepare_signature,
)
from qsignhub.signing.validation_data import ValidationData


class PAdES:
    """EN 319 142-1 clause 6."""

    suffix = ".pdf"

    def prepare(self, document: Path, latest: Path | None, target: Path, intent: Intent) -> Prepared:
        write = partial(
            prepare_signature,
            latest or document,
            target,
            field_name=intent.name,
            claimed_time=intent.claimed_time,
            hash_name=intent.algorithm.hash_name,
            reserved_bytes=_most_bytes(intent),
            reason=intent.statement,
            appearance=intent.appearance,
        )
        try:
            revision = write(attachment=intent.attachment)
        except DocumentNotSignable:
            if intent.attachment is None:
                raise
            # The document was accepted without one, so what stands in an attachment's way stops no signature.
            revision = write()
        attributes = cms.signed_attributes(revision.digest, intent.certificate)
        reserved = (revision.reserved_start, revision.reserved_end)
        return Prepared(attributes, reserved)

    def message(self, prepared: Prepared) -> bytes:
        """The signed attributes."""
        return prepared.to_be_signed

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:  # noqa: ARG002
        """The signature value (EN 319 122-1 clause 5.3)."""
        return hashlib.sha256(signature).digest()

    def embed(self, file: Path, made: Made) -> None:
        reserved = made.prepared.reserved
        if reserved is None:
            raise ValueError("a PAdES signature has its room in the revision that was prepared for it")
        signature = cms.assemble(
            made.prepared.to_be_signed,
            made.signature,
            made.certificate,
            made.algorithm,
            made.chain,
            made.timestamp_token,
        )
        fill(file, PreparedRevision(b"", *reserved), signature)
        if made.validation_data is not None:
            append_validation_data(file, made.validation_data)

    def prepare_archive(
        self,
        document: Path,  # noqa: ARG002  # it is in the latest revision
        latest: Path,
        target: Path,
        *,
        name: str,
        data: ValidationData,
    ) -> PreparedArchive:
        """One document timestamp over everything (clause 5.5)."""
        revision = prepare_document_timestamp(latest, target, field_name=name, validation_data=data)
        return PreparedArchive((revision.digest,), (revision.reserved_start, revision.reserved_end))

    def complete_archive(self, target: Path, prepared: PreparedArchive, tokens: Sequence[bytes]) -> None:
        if prepared.reserved is None:
            raise ValueError("a document timestamp has its room in the revision that was prepared for it")
        (token,) = tokens
        fill(target, PreparedRevision(b"", *prepared.reserved), token)


def _most_bytes(intent: Intent) -> int:
    """Of the CMS object that the signature will be: exact, but for what the token and ECDSA leave free."""
    digest = bytes(intent.algorithm.hash.digest_size)
    attributes = cms.signed_attributes(digest, intent.certificate)
    value = bytes(_most_bytes_of_value(intent.certificate))
    token = bytes(TOKEN_BYTES)
    return len(cms.assemble(attributes, value, intent.certificate, intent.algorithm, intent.chain, token))


def _most_bytes_of_value(certificate: bytes) -> int:
    """Of RSA as long as its key; ECDSA-Sig-Value on P-384 takes 104 at most, others less."""
    key = load_der_x509_certificate(certificate).public_key()
    return key.key_size // 8 if isinstance(key, rsa.RSAPublicKey) else 104
