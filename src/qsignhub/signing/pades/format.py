"""PAdES-B-LT for the signing cycle: each signature is an incremental revision of the PDF."""

from __future__ import annotations

import hashlib
from pathlib import Path

from qsignhub.signing import cms
from qsignhub.signing.format import Intent, Made, Prepared
from qsignhub.signing.pades.revision import (
    RESERVED_BYTES,
    PreparedRevision,
    append_validation_data,
    fill,
    prepare_signature,
)


class PAdES:
    """EN 319 142-1 clause 6."""

    suffix = ".pdf"
    archived = True

    def prepare(self, source: Path, target: Path, intent: Intent) -> Prepared:
        revision = prepare_signature(
            source,
            target,
            field_name=intent.name,
            claimed_time=intent.claimed_time,
            hash_name=intent.algorithm.hash_name,
            reserved_bytes=RESERVED_BYTES + sum(map(len, intent.chain)),
            appearance=intent.appearance,
        )
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
        append_validation_data(file, made.validation_data)
