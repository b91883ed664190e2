"""XAdES-B-LT for the signing cycle; each signature leaves out all signatures, so their order is free."""

from __future__ import annotations

from pathlib import Path

from qsignhub.signing.format import Intent, Made, Prepared
from qsignhub.signing.xades.document import digest_without_signatures, insert
from qsignhub.signing.xades.signature import (
    complete_signature,
    signed_info,
    timestamp_imprint,
    unsigned_signature,
    xml_signature_value,
)


class XAdES:
    """EN 319 132-1 clause 6."""

    suffix = ".xml"
    archived = False

    def prepare(self, source: Path, target: Path, intent: Intent) -> Prepared:  # noqa: ARG002  # nothing is written yet
        signature = unsigned_signature(
            digest_without_signatures(source, may_be_signed=not intent.first),
            name=intent.name,
            certificate=intent.certificate,
            algorithm=intent.algorithm,
            claimed_time=intent.claimed_time,
        )
        return Prepared(signature)

    def message(self, prepared: Prepared) -> bytes:
        """The canonical ds:SignedInfo."""
        return signed_info(prepared.to_be_signed)

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:
        return timestamp_imprint(prepared.to_be_signed, xml_signature_value(signature, certificate))

    def embed(self, file: Path, made: Made) -> None:
        signature = complete_signature(
            made.prepared.to_be_signed,
            xml_signature_value(made.signature, made.certificate),
            made.certificate,
            made.chain,
            made.timestamp_token,
            made.validation_data,
        )
        insert(file, signature)
