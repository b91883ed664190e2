"""ASiC-E with XAdES (ETSI EN 319 162-1 clause 4.4.3): a packaging of XML signatures.

Each signer has a file with a signature over the document, so nobody's touches another's; archive timestamps
are in the signatures. META-INF/manifest.xml tells the document's media type to those who look for it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from lxml import etree

from qsignhub.signing.asic import container
from qsignhub.signing.asic.container import META_INF, MIME_TYPE, Container, entry_uri
from qsignhub.signing.content import Content, written_anew
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.format import Intent, Made
from qsignhub.signing.xades.in_one_file import signatures_file
from qsignhub.signing.xades.names import canonical, parsed, part
from qsignhub.signing.xades.signature import DocumentReference

_MANIFEST: Final = f"{META_INF}manifest.xml"
_OPEN_DOCUMENT: Final = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_SIGNATURES: Final = re.compile(rf"{META_INF}signatures\d+\.xml")


class InContainer:
    suffix = ".asice"

    def reference(self, document: Path, latest: Path | None, intent: Intent) -> DocumentReference:  # noqa: ARG002
        """The octets of the document's entry, without a transform."""
        return DocumentReference(
            entry_uri(entry_name(intent.data_object.name)),
            Content.of(document).digest(intent.algorithm.hash_name),
        )

    def add(self, file: Path, signature: bytes, made: Made) -> None:
        present = _unsigned(file, made) if made.first else container.read(file)
        number = len(_signature_files(present)) + 1
        name = f"{META_INF}signatures{number:03}.xml"
        _write(file, present, {**present.metadata, name: signatures_file(signature)})

    def write_document(self, document: Path, latest: Path, update: Callable[[bytes], object]) -> None:  # noqa: ARG002
        for piece in Content.of(document).pieces():
            update(piece)

    def signatures(self, file: Path) -> list[etree._Element]:
        return [
            part(parsed(content), "ds:Signature")
            for content in _signature_files(container.read(file)).values()
        ]

    def replace(self, file: Path, signatures: Sequence[etree._Element]) -> None:
        present = container.read(file)
        names = _signature_files(present)
        new = {
            name: signatures_file(canonical(signature))
            for name, signature in zip(names, signatures, strict=True)
        }
        _write(file, present, {**present.metadata, **new})


def _unsigned(document: Path, made: Made) -> Container:
    name = entry_name(made.data_object.name)
    return Container(name, Content.of(document), {_MANIFEST: _manifest(name, made.data_object.mime_type)})


def _signature_files(present: Container) -> Mapping[str, bytes]:
    return {name: content for name, content in present.metadata.items() if _SIGNATURES.fullmatch(name)}


def _write(file: Path, present: Container, metadata: Mapping[str, bytes]) -> None:
    with written_anew(file) as finished:
        container.write(finished, replace(present, metadata=metadata))


def _manifest(name: str, mime_type: str) -> bytes:
    """As OpenDocument has it (clause 4.4.3.2): the container, and the document in it."""
    prefixes = {"manifest": _OPEN_DOCUMENT}
    root = etree.Element(f"{{{_OPEN_DOCUMENT}}}manifest", nsmap=prefixes)
    root.set(f"{{{_OPEN_DOCUMENT}}}version", "1.2")
    for path, media_type in (("/", MIME_TYPE), (name, mime_type)):
        entry = etree.SubElement(root, f"{{{_OPEN_DOCUMENT}}}file-entry")
        entry.set(f"{{{_OPEN_DOCUMENT}}}full-path", path)
        entry.set(f"{{{_OPEN_DOCUMENT}}}media-type", media_type)
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written
