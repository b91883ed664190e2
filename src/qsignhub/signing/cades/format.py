"""CAdES B-B to B-LTA for the signing cycle; several signers are several SignerInfos over the same content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qsignhub.signing import cms
from qsignhub.signing.cades import archive, attributes, signed_file
from qsignhub.signing.cades.signed_file import Surroundings
from qsignhub.signing.content import Content, written_anew
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import Intent, Made, Prepared, PreparedArchive
from qsignhub.signing.validation_data import ValidationData


class CAdES:
    """EN 319 122-1 clause 6, with certificates and revocation values in SignedData (clause 5.4)."""

    def __init__(self, *, attached: bool) -> None:
        self._attached = attached
        self.suffix = ".p7m" if attached else ".p7s"

    def prepare(
        self,
        document: Path,
        latest: Path | None,  # noqa: ARG002  # a signature does not cover those that are there
        target: Path,  # noqa: ARG002  # nothing is written yet
        intent: Intent,
    ) -> Prepared:
        digest = Content.of(document).digest(intent.algorithm.hash_name)
        media_type = None if self._attached else intent.data_object.mime_type
        return Prepared(signed_attributes(digest, intent, media_type))

    def message(self, prepared: Prepared) -> bytes:
        """The signed attributes."""
        return prepared.to_be_signed

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:  # noqa: ARG002
        return timestamp_imprint(signature)

    def embed(self, file: Path, made: Made) -> None:
        content, present = (Content.of(file), Surroundings()) if made.first else self._read(file)
        surroundings = present.signed(signer_info(made.prepared.to_be_signed, made), made)
        with written_anew(file) as finished:
            signed_file.write(finished, content if self._attached else None, surroundings)

    def prepare_archive(
        self,
        document: Path,
        latest: Path,
        target: Path,
        *,
        name: str,  # noqa: ARG002  # nothing in CMS has a name
        data: ValidationData,
    ) -> PreparedArchive:
        """An archive timestamp over each signature."""
        content, present = self._read(latest)
        surroundings = replace(
            present.completed(data),
            # The hash of the imprint should be announced (EN 319 122-1 clause 5.5.3, point 2).
            digest_algorithms=tuple(
                dict.fromkeys([*present.digest_algorithms, cms.DIGEST_ALGORITHMS["sha256"]])
            ),
        )
        signed_file.write(target, content, surroundings)
        digest = Content.of(document).digest("sha256")
        return PreparedArchive(
            tuple(
                archive.imprint(digest, one, archive.hash_index(surroundings, one))
                for one in surroundings.signer_infos
            )
        )

    def complete_archive(
        self,
        target: Path,
        prepared: PreparedArchive,  # noqa: ARG002  # the indexes follow from the file
        tokens: Sequence[bytes],
    ) -> None:
        content, surroundings = self._read(target)
        archived = tuple(
            archive.archived(one, token, archive.hash_index(surroundings, one))
            for one, token in zip(surroundings.signer_infos, tokens, strict=True)
        )
        with written_anew(target) as finished:
            signed_file.write(finished, content, replace(surroundings, signer_infos=archived))

    def _read(self, file: Path) -> tuple[Content | None, Surroundings]:
        content, surroundings = signed_file.read(file)
        if (content is not None) != self._attached:
            inside = "outside of" if self._attached else "inside"
            raise DocumentNotSignable(f"The signed file has another packaging: its content is {inside} it.")
        return content, surroundings


def signed_attributes(digest: bytes, intent: Intent, media_type: str | None) -> bytes:
    """``media_type`` of the signed data, where these stand outside of the signature."""
    more = [] if media_type is None else [attributes.mime_type(media_type)]
    if intent.statement is not None:
        more.append(attributes.claimed(intent.statement))
    return cms.signed_attributes(digest, intent.certificate, intent.claimed_time, more)


def signer_info(signed: bytes, made: Made) -> bytes:
    """The SignerInfo around the signed attributes and what came of them."""
    return cms.signer_info(signed, made.signature, made.certificate, made.algorithm, made.timestamp_token)


def timestamp_imprint(signature: bytes) -> bytes:
    """The signature value's (EN 319 122-1 clause 5.3)."""
    return hashlib.sha256(signature).digest()
