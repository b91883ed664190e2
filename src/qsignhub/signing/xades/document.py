"""The XML document that is signed: read by hardened parsers, digested, and added to byte by byte.

The file is never written anew from a tree: a signature is inserted in front of the root's end tag, and
every other byte stays as it was uploaded. A document type declaration is refused: it can change what a
document says, read other files, and blow up.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from lxml import etree

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.xades.names import SIGNATURE

_one_tree_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class EndOfRoot:
    """``position``, in bytes, is where the root's end tag begins; of ``<root/>``, where that tag ends."""

    name: str
    position: int
    encoding: str


def digest_without_signatures(path: Path, *, may_be_signed: bool) -> bytes:
    """SHA-256 of the canonical document (exclusive, no comments) with every signature taken out.

    The tree takes up to sixteen times the file's size while it is there, so a process builds one at a
    time; the canonical form is streamed into the hash.

    ``may_be_signed`` False: a document that holds a signature already is refused, since what stands inside
    of it would not be covered, and it might break.
    """
    find_end_of_root(path)  # refuses a document type declaration before the tree is built
    with _one_tree_at_a_time:
        return _digest(path, may_be_signed=may_be_signed)


def insert(path: Path, signature: bytes) -> None:
    """Inserts ASCII markup as the last child of the root element, in place."""
    end = find_end_of_root(path)
    markup = signature.decode("ascii")
    with path.open("r+b") as file:
        file.seek(end.position)
        rest = file.read()
        file.seek(end.position)
        if not rest.startswith("</".encode(end.encoding)):
            markup = f">{markup}</{end.name}>"
            file.seek(-len("/>".encode(end.encoding)), os.SEEK_CUR)
        file.write(markup.encode(end.encoding) + rest)


def find_end_of_root(path: Path) -> EndOfRoot:
    """Raises DocumentNotSignable for what is not well-formed, or has a document type declaration."""
    parser = expat.ParserCreate()
    declared, root, position = "utf-8", "", -1

    def on_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        nonlocal declared
        declared = encoding or declared

    def on_start(name: str, _attributes: Any) -> None:
        nonlocal root
        if root:
            parser.StartElementHandler = None
        # Only with a handler for starts is the end of an empty tag where it ends, and not where it begins.
        root = root or name

    def on_end(_name: str) -> None:
        nonlocal position
        position = parser.CurrentByteIndex

    parser.XmlDeclHandler = on_declaration
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    with path.open("rb") as file:
        try:
            parser.ParseFile(file)
        except (expat.ExpatError, LookupError, ValueError) as exc:
            raise DocumentNotSignable(f"The XML document cannot be read: {exc}") from exc
        file.seek(0)
        encoding = _byte_order(file.read(2)) or declared
    return EndOfRoot(root, position, encoding)


def _refuse_doctype(*_: object) -> NoReturn:
    raise DocumentNotSignable(
        "The XML document has a document type declaration (DOCTYPE); take it out, or sign with format cades."
    )


def _digest(path: Path, *, may_be_signed: bool) -> bytes:
    # huge: a text may be longer than 10 MB (a PDF in an invoice); elements nest 2,048 deep at most
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=False
    )
    try:
        tree = etree.parse(str(path), parser)
    except etree.XMLSyntaxError as exc:
        raise DocumentNotSignable(f"The XML document cannot be read: {exc.msg}") from exc
    signatures = list(tree.iter(SIGNATURE))
    if signatures and not may_be_signed:
        raise DocumentNotSignable(
            "The XML document holds a signature already; it can be signed with format cades, as it is."
        )
    for signature in signatures:
        _take_out(signature)
    sink: Any = _Digest()
    tree.write(sink, method="c14n", exclusive=True, with_comments=False)
    digest: bytes = sink.sha256.digest()
    return digest


def _byte_order(start: bytes) -> str | None:
    """UTF-16 is written without another byte order mark in the middle of the file."""
    return {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(start)


def _take_out(element: etree._Element) -> None:
    """Removes the element, and leaves the text behind it where it is."""
    holder = element.getparent()
    if holder is None:
        raise DocumentNotSignable("The XML document is nothing but a signature.")
    if element.tail:
        before = element.getprevious()
        if before is None:
            holder.text = (holder.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    holder.remove(element)


class _Digest:
    """A file to write to that only keeps the hash."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.sha256.update(data)
