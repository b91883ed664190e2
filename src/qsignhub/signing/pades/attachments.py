"""Files inside of a PDF: embedded, listed by name, and associated with the document (ISO 32000-2, 7.11.4)."""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF16_BE
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    PdfObject,
    TextStringObject,
    pdf_date,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.format import Attachment
from qsignhub.signing.pades.pdf_objects import dictionary, elements, entry, name, number, stream

_MAX_NODES = 10_000  # of a name tree


def attach(writer: IncrementalPdfFileWriter, attachment: Attachment, moment: datetime) -> None:
    """Embeds the file, so that PDF/A-3 takes it too (ISO 19005-3, 6.8): with its media type, dates and
    relationship to the document, which it supplements.

    Where the document has a file of that name it gets a number: ``terms (2).pdf``. ValueError for a tree of
    names that cannot be read.
    """
    tree = _name_tree(writer)
    file_name = _free_name(attachment.name, {_text(key) for key, _ in _entries(tree)})
    embedded = {
        "Type": name("EmbeddedFile"),
        "Subtype": name(attachment.mime_type),
        "Params": dictionary(
            {
                "Size": number(len(attachment.content)),
                "CheckSum": ByteStringObject(_checksum(attachment.content)),
                "CreationDate": pdf_date(moment.astimezone(UTC)),
                "ModDate": pdf_date(moment.astimezone(UTC)),
            }
        ),
    }
    content = writer.add_object(stream(attachment.content, embedded))
    specification = dictionary(
        {
            "Type": name("Filespec"),
            "F": pdf_string(file_name),
            "UF": TextStringObject(file_name),
            "Desc": TextStringObject(attachment.description),
            "AFRelationship": name("Supplement"),
            "EF": dictionary({"F": content, "UF": content}),
        }
    )
    reference = writer.add_object(specification)
    _insert(writer, tree, ByteStringObject(_as_key(file_name)), reference)
    _append_to_associated_files(writer, reference)


def _name_tree(writer: IncrementalPdfFileWriter) -> DictionaryObject:
    names = entry(writer.root, "Names")
    if names is None:
        names = dictionary({})
        writer.root[name("Names")] = writer.add_object(names)
        writer.update_root()  # type: ignore[no-untyped-call]
    tree = entry(names, "EmbeddedFiles")
    if tree is None:
        tree = dictionary({"Names": ArrayObject()})
        names[name("EmbeddedFiles")] = writer.add_object(tree)
        writer.update_container(names)
    if not isinstance(tree, DictionaryObject):
        raise ValueError("the tree of embedded files is none")  # noqa: TRY004  # it is the document's value
    return tree


def _entries(tree: DictionaryObject) -> Iterator[tuple[Any, PdfObject]]:
    """Names and what they stand for, of a whole tree (ISO 32000-2, 7.9.6)."""
    waiting = [tree]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        pairs = entry(node, "Names") or ArrayObject()
        yield from ((pairs[at], pairs.raw_get(at + 1)) for at in range(0, len(pairs) - 1, 2))
        waiting += elements(entry(node, "Kids") or ArrayObject())
    raise ValueError("the tree of embedded files has too many nodes")


def _insert(
    writer: IncrementalPdfFileWriter, tree: DictionaryObject, key: PdfObject, value: IndirectObject
) -> None:
    """As one flat, sorted list, which a tree of few names may be: rewritten, as nothing else refers to it."""
    entries = [*_entries(tree), (key, value)]
    entries.sort(key=lambda pair: _octets(pair[0]))
    for gone in ("/Kids", "/Limits"):
        tree.pop(gone, None)
    tree[name("Names")] = ArrayObject(part for pair in entries for part in pair)
    writer.update_container(tree)


def _append_to_associated_files(writer: IncrementalPdfFileWriter, reference: IndirectObject) -> None:
    files = entry(writer.root, "AF")
    if files is None:
        files = ArrayObject()
        writer.root[name("AF")] = files
    files.append(reference)
    writer.update_container(files)
    writer.update_root()  # type: ignore[no-untyped-call]


def _free_name(wanted: str, taken: set[str]) -> str:
    parts = PurePath(wanted)
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{parts.stem} ({count}){parts.suffix}"
    return found


def _as_key(file_name: str) -> bytes:
    """A text string (7.9.2.2): what is not ASCII in UTF-16."""
    return file_name.encode() if file_name.isascii() else BOM_UTF16_BE + file_name.encode("utf-16-be")


def _octets(key: Any) -> bytes:
    octets: bytes = key.original_bytes
    return octets


def _text(key: Any) -> str:
    return str(key) if isinstance(key, TextStringObject) else _octets(key).decode("latin-1")


def _checksum(content: bytes) -> bytes:
    """MD5, as the format has it: it finds damage, and the signature finds changes."""
    return hashlib.md5(content, usedforsecurity=False).digest()
