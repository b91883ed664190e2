"""XML signatures in one XML file: inside of the document, around it, or apart from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from lxml import etree

from qsignhub.signing.content import Content
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.format import Intent, Made
from qsignhub.signing.xades.document import write_canonical
from qsignhub.signing.xades.names import ASIC, DS, XPATH_FILTER, element, parent
from qsignhub.signing.xades.outline import (
    Change,
    Outline,
    around_document,
    change,
    in_encoding,
    outline_of,
    replace_signatures,
    signatures_in,
)
from qsignhub.signing.xades.signature import DocumentReference, exclusive_c14n

SIGNATURES_START: Final = f'<asic:XAdESSignatures xmlns:asic="{ASIC}">'.encode()
SIGNATURES_END: Final = b"</asic:XAdESSignatures>"


class _InOneFile:
    suffix = ".xml"

    def signatures(self, file: Path) -> list[etree._Element]:
        return signatures_in(file)

    def replace(self, file: Path, signatures: Sequence[etree._Element]) -> None:
        replace_signatures(file, signatures)


class Enveloped(_InOneFile):
    """The signatures are the last children of the document's root element. Each leaves out all signatures,
    so any number of them go side by side, in any order.
    """

    def reference(self, document: Path, latest: Path | None, intent: Intent) -> DocumentReference:  # noqa: ARG002
        return DocumentReference(
            "",
            _digest(intent, lambda update: write_canonical(document, update)),
            (_without_signatures(), exclusive_c14n()),
        )

    def add(self, file: Path, signature: bytes, made: Made) -> None:  # noqa: ARG002
        outline = outline_of(file)
        change(file, [_last_in_root(file, outline, signature)])

    def write_document(self, document: Path, latest: Path, update: Callable[[bytes], object]) -> None:  # noqa: ARG002
        """The document as it was is the signed one without its signatures."""
        write_canonical(document, update)


class Enveloping(_InOneFile):
    """The first signature holds the document in a ds:Object: all that follows its XML declaration, byte by
    byte. Further ones refer to that object by its Id; then XAdESSignatures is around them all.
    """

    def reference(self, document: Path, latest: Path | None, intent: Intent) -> DocumentReference:
        object_id = f"{intent.name}-object" if latest is None else _object_id(latest)
        return DocumentReference(
            f"#{object_id}",
            _digest(intent, lambda update: _write_object(document, object_id, update)),
            (exclusive_c14n(),),
            object_id if latest is None else None,
        )

    def add(self, file: Path, signature: bytes, made: Made) -> None:
        outline, size = outline_of(file), file.stat().st_size
        if made.first:
            before, behind = around_document(signature)
            changes = [
                Change(outline.start, outline.start, in_encoding(before, outline.encoding)),
                Change(size, size, in_encoding(behind, outline.encoding)),
            ]
        elif outline.root == "ds:Signature":
            start = SIGNATURES_START.decode().encode(outline.encoding)
            changes = [
                Change(outline.start, outline.start, start),
                Change(size, size, in_encoding(signature + SIGNATURES_END, outline.encoding)),
            ]
        else:
            changes = [_last_in_root(file, outline, signature)]
        change(file, changes)

    def write_document(self, document: Path, latest: Path, update: Callable[[bytes], object]) -> None:
        _write_object(document, _object_id(latest), update)


class Detached(_InOneFile):
    """Only the signatures are in the file, in XAdESSignatures; each is over the octets of a file that stands
    beside it (RFC 3986: its URI is that file's name).
    """

    def reference(self, document: Path, latest: Path | None, intent: Intent) -> DocumentReference:  # noqa: ARG002
        return DocumentReference(
            quote(entry_name(intent.data_object.name), safe=""),
            Content.of(document).digest(intent.algorithm.hash_name),
        )

    def add(self, file: Path, signature: bytes, made: Made) -> None:
        if made.first:
            file.write_bytes(signatures_file(signature))
        else:
            change(file, [_last_in_root(file, outline_of(file), signature)])

    def write_document(self, document: Path, latest: Path, update: Callable[[bytes], object]) -> None:  # noqa: ARG002
        for piece in Content.of(document).pieces():
            update(piece)


def signatures_file(signature: bytes) -> bytes:
    """A file of signatures with the first one in it (EN 319 162-1 clause 4.4.3.2, and for a signature of any
    other detached file too).
    """
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + SIGNATURES_START + signature + SIGNATURES_END


def _digest(intent: Intent, write: Callable[[Callable[[bytes], object]], None]) -> bytes:
    digest = hashlib.new(intent.algorithm.hash_name)
    write(digest.update)
    return digest.digest()


def _write_object(document: Path, object_id: str, update: Callable[[bytes], object]) -> None:
    """The ds:Object with the document in it. Its digest does not depend on where the object stands."""
    write_canonical(
        document, update, surrounded_by=(f'<ds:Object xmlns:ds="{DS}" Id="{object_id}">', "</ds:Object>")
    )


def _object_id(latest: Path) -> str:
    found = next((one.object_id for one in outline_of(latest).signatures if one.object_id), None)
    if found is None:
        raise ValueError("no signature in the file holds the document")
    return found


def _last_in_root(file: Path, outline: Outline, signature: bytes) -> Change:
    """In front of the root's end tag, which ``<root/>`` does not have yet."""
    markup, at = in_encoding(signature, outline.encoding), outline.root_end
    end_tag, empty = (text.encode(outline.encoding) for text in ("</", "/>"))
    with file.open("rb") as opened:
        opened.seek(at)
        if opened.read(len(end_tag)) == end_tag:
            return Change(at, at, markup)
    new = ">".encode(outline.encoding) + markup + f"</{outline.root}>".encode(outline.encoding)
    return Change(at - len(empty), at, new)


def _without_signatures() -> etree._Element:
    """XPath Filter 2.0: everything but the signatures, this one and all that come before and after."""
    subtract = element(XPATH_FILTER, "XPath", "/descendant::ds:Signature", Filter="subtract")
    return parent(DS, "Transform", subtract, Algorithm=XPATH_FILTER)
