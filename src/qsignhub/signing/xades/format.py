"""XAdES, B-B to B-LTA, for the signing cycle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from qsignhub.signing.format import Intent, Made, Prepared, PreparedArchive
from qsignhub.signing.validation_data import ValidationData
from qsignhub.signing.xades import archive
from qsignhub.signing.xades.in_one_file import Enveloped
from qsignhub.signing.xades.packaging import Packaging
from qsignhub.signing.xades.signature import (
    complete_signature,
    signed_info,
    timestamp_imprint,
    unsigned_signature,
    xml_signature_value,
)


class XAdES:
    """EN 319 132-1 clause 6."""

    def __init__(self, packaging: Packaging | None = None) -> None:
        """Enveloped, unless said otherwise."""
        self._packaging = packaging or Enveloped()
        self.suffix = self._packaging.suffix

    def prepare(
        self,
        document: Path,
        latest: Path | None,
        target: Path,  # noqa: ARG002  # nothing is written yet
        intent: Intent,
    ) -> Prepared:
        return Prepared(unsigned_signature(self._packaging.reference(document, latest, intent), intent))

    def message(self, prepared: Prepared) -> bytes:
        """The canonical ds:SignedInfo."""
        return signed_info(prepared.to_be_signed)

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:
        return timestamp_imprint(prepared.to_be_signed, xml_signature_value(signature, certificate))

    def embed(self, file: Path, made: Made) -> None:
        self._packaging.add(file, complete_signature(made), made)

    def prepare_archive(
        self, document: Path, latest: Path, target: Path, *, name: str, data: ValidationData
    ) -> PreparedArchive:
        """An archive timestamp for each signature, over that and the document."""
        signatures = self._packaging.signatures(latest)
        imprints = archive.prepare(
            signatures,
            name,
            data,
            lambda update: self._packaging.write_document(document, latest, update),
        )
        shutil.copyfile(latest, target)
        self._packaging.replace(target, signatures)
        return PreparedArchive(imprints)

    def complete_archive(self, target: Path, prepared: PreparedArchive, tokens: Sequence[bytes]) -> None:  # noqa: ARG002
        signatures = self._packaging.signatures(target)
        archive.complete(signatures, tokens)
        self._packaging.replace(target, signatures)
