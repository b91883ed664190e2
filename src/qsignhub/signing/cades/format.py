"""CAdES-B-LT for the signing cycle; several signers are several SignerInfos over the same content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from qsignhub.signing import cms
from qsignhub.signing.cades import signed_file
from qsignhub.signing.format import Intent, Made, Prepared


class CAdES:
    """EN 319 122-1 clause 6, with certificates and revocation values in SignedData (clause 5.4)."""

    suffix = ".p7m"
    archived = False

    def prepare(self, source: Path, target: Path, intent: Intent) -> Prepared:  # noqa: ARG002  # nothing is written yet
        content, _ = signed_file.unsigned(source) if intent.first else signed_file.read(source)
        attributes = cms.signed_attributes(
            content.digest(intent.algorithm.hash_name), intent.certificate, intent.claimed_time
        )
        return Prepared(attributes)

    def message(self, prepared: Prepared) -> bytes:
        """The signed attributes."""
        return prepared.to_be_signed

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:  # noqa: ARG002
        """The signature value (EN 319 122-1 clause 5.3)."""
        return hashlib.sha256(signature).digest()

    def embed(self, file: Path, made: Made) -> None:
        content, present = signed_file.unsigned(file) if made.first else signed_file.read(file)
        signer_info = cms.signer_info(
            made.prepared.to_be_signed,
            made.signature,
            made.certificate,
            made.algorithm,
            made.timestamp_token,
        )
        finished = file.with_name(f"{file.name}.finished")
        try:
            signed_file.write(finished, content, present.joined(signer_info, made))
            finished.replace(file)
        finally:
            finished.unlink(missing_ok=True)
