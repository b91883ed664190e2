"""ASiC-E with CAdES (ETSI EN 319 162-1 clause 4.4.4) for the signing cycle, B-B to B-LTA.

Each signer has a manifest over the document and a detached signature over the manifest, so nobody's
signature touches another's. The archive timestamp is over a manifest of all that is there (annex A.7): one
for all signers, and over the document itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from qsignhub.foundation.der import OCTET_STRING, SEQUENCE, SET, UTF8, Fields, encode, read
from qsignhub.signing.asic import container, manifest
from qsignhub.signing.asic.container import META_INF, Container
from qsignhub.signing.asic.manifest import Reference
from qsignhub.signing.cades import signed_file
from qsignhub.signing.cades.format import signed_attributes, signer_info, timestamp_imprint
from qsignhub.signing.cades.signed_file import Surroundings
from qsignhub.signing.cades.timestamp_token import with_validation_data
from qsignhub.signing.content import Content, written_anew
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import Intent, Made, Prepared, PreparedArchive
from qsignhub.signing.validation_data import ValidationData

_LAST_ARCHIVE: Final = f"{META_INF}ASiCArchiveManifest.xml"
_ARCHIVE: Final = re.compile(rf"{META_INF}ASiCArchiveManifest\d*\.xml")


class ASiCWithCAdES:
    suffix = ".asice"

    def prepare(
        self,
        document: Path,
        latest: Path | None,  # noqa: ARG002  # a signature does not cover those that are there
        target: Path,  # noqa: ARG002  # nothing is written yet
        intent: Intent,
    ) -> Prepared:
        hash_name = intent.algorithm.hash_name
        signed = Reference(
            entry_name(intent.data_object.name),
            Content.of(document).digest(hash_name),
            intent.data_object.mime_type,
        )
        name = intent.name.removeprefix("Signature-")
        over = manifest.build(_signature(name), [signed], hash_name)
        attributes = signed_attributes(hashlib.new(hash_name, over).digest(), intent, manifest.MEDIA_TYPE)
        parts = (encode(UTF8, name.encode()), encode(OCTET_STRING, over), attributes)
        return Prepared(encode(SEQUENCE, *parts))

    def message(self, prepared: Prepared) -> bytes:
        """The signed attributes."""
        _, _, attributes = _parts(prepared)
        return attributes

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:  # noqa: ARG002
        return timestamp_imprint(signature)

    def embed(self, file: Path, made: Made) -> None:
        name, over, attributes = _parts(made.prepared)
        present = _unsigned(file, made) if made.first else container.read(file)
        added = {
            f"{META_INF}ASiCManifest-{name}.xml": over,
            _signature(name): signed_file.encoded(Surroundings().signed(signer_info(attributes, made), made)),
        }
        if taken := added.keys() & present.metadata.keys():
            raise DocumentNotSignable(f"The container has an entry {min(taken)} already.")
        _rewrite(file, present, {**present.metadata, **added})

    def prepare_archive(
        self,
        document: Path,
        latest: Path,
        target: Path,
        *,
        name: str,  # noqa: ARG002  # the chain of archive manifests is numbered
        data: ValidationData,
    ) -> PreparedArchive:
        """One more archive manifest, without the timestamp over it (annex A.7).

        Validation data go into what no archive manifest covers yet: the signatures, or, when they have an
        archive timestamp, that timestamp.
        """
        present = container.read(latest)
        metadata = _links_renamed(dict(_with_data(present.metadata, data)))
        number = sum(one.endswith(".tst") for one in metadata) + 1
        previous = _link(number - 1)
        references = [
            Reference(present.name, Content.of(document).digest("sha256")),
            *(
                Reference(one, hashlib.sha256(content).digest(), manifest.media_type_of(one), one == previous)
                for one, content in metadata.items()
            ),
        ]
        over = manifest.build(f"{META_INF}timestamp{number:03}.tst", references, "sha256")
        container.write(target, replace(present, metadata={**metadata, _LAST_ARCHIVE: over}))
        return PreparedArchive((hashlib.sha256(over).digest(),))

    def complete_archive(
        self,
        target: Path,
        prepared: PreparedArchive,  # noqa: ARG002  # the manifest says where its timestamp belongs
        tokens: Sequence[bytes],
    ) -> None:
        present = container.read(target)
        (token,) = tokens
        place = manifest.signature_of(present.metadata[_LAST_ARCHIVE])
        _rewrite(target, present, {**present.metadata, place: token})


def _unsigned(file: Path, made: Made) -> Container:
    return Container(entry_name(made.data_object.name), Content.of(file), {})


def _rewrite(file: Path, present: Container, metadata: Mapping[str, bytes]) -> None:
    with written_anew(file) as finished:
        container.write(finished, replace(present, metadata=metadata))


def _signature(name: str) -> str:
    return f"{META_INF}signature-{name}.p7s"


def _link(number: int) -> str:
    """The archive manifest's name when it is not the last one any more."""
    return f"{META_INF}ASiCArchiveManifest{number:03}.xml"


def _parts(prepared: Prepared) -> tuple[str, bytes, bytes]:
    """The signature's name, the manifest, and the signed attributes over it."""
    fields = Fields(read(prepared.to_be_signed).content)
    name, over, attributes = fields.take(UTF8), fields.take(OCTET_STRING), fields.take(SET)
    fields.end()
    return name.content.decode(), over.content, attributes.raw


def _with_data(metadata: Mapping[str, bytes], data: ValidationData) -> Iterator[tuple[str, bytes]]:
    links = [content for name, content in metadata.items() if _ARCHIVE.fullmatch(name)]
    covered = {one for link in links for one in manifest.covered_by(link)}
    for name, content in metadata.items():
        if name in covered:
            yield name, content
        elif name.endswith(".p7s"):
            yield name, signed_file.encoded(signed_file.parse(content).completed(data))
        elif name.endswith(".tst"):
            yield name, with_validation_data(content, data)
        else:
            yield name, content


def _links_renamed(metadata: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The last archive manifest makes room for the next: its name is that of the newest (annex A.7)."""
    number = sum(name.endswith(".tst") for name in metadata)
    return {_link(number) if name == _LAST_ARCHIVE else name: content for name, content in metadata.items()}
