"""Where things stand in an XML file, in bytes, and changes at such places.

A file is never written anew from a tree: signatures are put in as bytes, and every byte of the document
stays as it was uploaded. A document type declaration is refused: it can change what a document says, read
other files, and blow up.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, NoReturn
from xml.parsers import expat

from lxml import etree

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.xades.names import DS, canonical, parsed

_PIECE = 1024 * 1024
_LONGEST_DECLARATION: Final = 1024  # bytes
_FIRST_BYTES: Final = (
    (codecs.BOM_UTF8, "utf-8", 3),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
    (b"<\0", "utf-16-le", 0),
    (b"\0<", "utf-16-be", 0),
)
"""UTF-16 is named with its byte order: it is written without another mark in the middle of the file."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A signature: from its first byte to the one behind its last. ``document`` is the same of the content of
    its ds:Object that holds the document, ``object_id`` that object's Id.
    """

    start: int
    end: int
    document: tuple[int, int] | None = None
    object_id: str | None = None


@dataclass(slots=True)
class Outline:
    encoding: str
    start: int = 0
    """Behind byte order mark and XML declaration."""
    root: str = ""
    """The root element's name, as it is written."""
    root_end: int = -1
    """Where the root's end tag begins; of ``<root/>``, where that tag ends."""
    signatures: list[Placed] = field(default_factory=list)
    """Of our making: the root element, or children of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """``new`` takes the place of the bytes from ``start`` to ``end``."""

    start: int
    end: int
    new: bytes


def outline_of(path: Path) -> Outline:
    """Raises DocumentNotSignable for what is not well-formed, or has a document type declaration."""
    with path.open("rb") as file:
        head = file.read(_LONGEST_DECLARATION)
        mark = next(((name, size) for first, name, size in _FIRST_BYTES if head.startswith(first)), None)
        reader = _Reader(Outline(*(mark or ("utf-8", 0))), declared=mark is None)
        file.seek(0)
        try:
            reader.parser.ParseFile(file)
        except (expat.ExpatError, LookupError, ValueError) as exc:
            raise DocumentNotSignable(f"The XML document cannot be read: {exc}") from exc
    outline = reader.outline
    if reader.has_declaration:
        end = "?>".encode(outline.encoding)
        if end not in head:
            raise DocumentNotSignable(f"The XML declaration is longer than {_LONGEST_DECLARATION} bytes.")
        outline.start = head.index(end) + len(end)
    return outline


class _Reader:
    def __init__(self, outline: Outline, *, declared: bool) -> None:
        self.outline = outline
        self.has_declaration = False
        self.parser = expat.ParserCreate()
        self._takes_declared = declared
        self._depth = 0  # of elements that are open
        self._start = -1  # of the signature that is being read
        self._signature_depth = 0
        self._content = -1  # where the content of its ds:Object with the document starts
        self._found = Placed(0, 0)
        self.parser.XmlDeclHandler = self._on_declaration
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        # Only with a handler for starts is the end of an empty tag where it ends, and not where it begins.
        self.parser.StartElementHandler = self._on_start
        self.parser.EndElementHandler = self._on_end

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.has_declaration = True
        if self._takes_declared and encoding:
            self.outline.encoding = encoding

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        if self._depth == 0:
            self.outline.root = name
        if self._start < 0:
            # Ours are in canonical form: each has its namespace declared in its own tag.
            if self._depth <= 1 and name == "ds:Signature" and attributes.get("xmlns:ds") == DS:
                self._start, self._signature_depth, self._found = at, self._depth, Placed(at, at)
        elif self._depth == self._signature_depth + 1 and name == "ds:Object" and "Id" in attributes:
            self._content = at + self._size(object_tag(attributes["Id"]))
            self._found = replace(self._found, object_id=attributes["Id"])
        self._depth += 1

    def _on_end(self, name: str) -> None:
        at = self.parser.CurrentByteIndex
        self._depth -= 1
        if self._depth == 0:
            self.outline.root_end = at
        if self._start < 0:
            return
        if self._depth == self._signature_depth + 1 and self._content >= 0:
            self._found = replace(self._found, document=(self._content, at))
            self._content = -1
        elif self._depth == self._signature_depth:
            self.outline.signatures.append(replace(self._found, end=at + self._size(f"</{name}>")))
            self._start = -1

    def _size(self, markup: str) -> int:
        return len(markup.encode(self.outline.encoding))


def _refuse_doctype(*_: object) -> NoReturn:
    raise DocumentNotSignable(
        "The XML document has a document type declaration (DOCTYPE); take it out, or sign with format cades, "
        "or with packaging detached or asic_e."
    )


def object_tag(object_id: str) -> str:
    """The start of a ds:Object with an Id, as canonical form has it inside of a signature."""
    return f'<ds:Object Id="{object_id}">'


def in_encoding(markup: bytes, encoding: str) -> bytes:
    """UTF-8 markup in a file's encoding; text that it does not know as character references."""
    return markup.decode().encode(encoding, "xmlcharrefreplace")


def change(path: Path, changes: Sequence[Change]) -> None:
    """In place; ``changes`` in their order. What is in front of the first is not touched."""
    origin = changes[0].start
    with path.open("r+b") as file, TemporaryFile(dir=path.parent) as before:
        file.seek(origin)
        shutil.copyfileobj(file, before)
        before.seek(0)
        file.seek(origin)
        for one in changes:
            _copy(before, file, one.start - origin - before.tell())
            file.write(one.new)
            before.seek(one.end - origin)
        shutil.copyfileobj(before, file)
        file.truncate()


def signatures_in(path: Path) -> list[etree._Element]:
    """All of them in their order, each alone, and without the document that it may hold."""
    outline = outline_of(path)
    with path.open("rb") as file:
        return [
            parsed(b"".join(_between(file, *edges) for edges in _own(one)).decode(outline.encoding))
            for one in outline.signatures
        ]


def replace_signatures(path: Path, signatures: Sequence[etree._Element]) -> None:
    """Each by the one at its place in the order, which may have come from ``signatures_in``."""
    outline = outline_of(path)
    changes = []
    for placed, signature in zip(outline.signatures, signatures, strict=True):
        parts = around_document(canonical(signature)) if placed.document else (canonical(signature),)
        changes += [
            Change(*edges, in_encoding(part, outline.encoding))
            for edges, part in zip(_own(placed), parts, strict=True)
        ]
    change(path, changes)


def around_document(signature: bytes) -> tuple[bytes, bytes]:
    """What stands in front of and behind the document's place in a canonical signature: the one ds:Object
    that is empty, and has an attribute.
    """
    before, middle, behind = signature.partition(b'"></ds:Object>')
    if not middle:
        raise ValueError("the signature has no place for the document")
    return before + middle[:2], middle[2:] + behind


def _own(placed: Placed) -> list[tuple[int, int]]:
    """The parts of a signature that are not the document."""
    if placed.document is None:
        return [(placed.start, placed.end)]
    start, end = placed.document
    return [(placed.start, start), (end, placed.end)]


def _between(file: IO[bytes], start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (piece := source.read(min(_PIECE, size))):
        target.write(piece)
        size -= len(piece)
