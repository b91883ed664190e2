"""What a file is: by its bytes, never by its name.

A file that is a PDF to one program and something else to another is refused: what was signed must be
one thing.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Literal

from qsignhub.documents.errors import DocumentAmbiguous, DocumentUnreadable, UnsupportedDocumentType

Family = Literal["pdf", "package", "xml"]
"""What the first bytes tell; which of the Office documents a package is, its content types say."""

_KNOWN_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<html", "an HTML page"),
)

# ISO 32000-2 §7.2.3, table 1: the white-space characters
_WHITESPACE = b"\x00\t\n\x0c\r "
_HEADER_REACH = 1024
"""Readers look for a header this far into a file (ISO 32000-1 implementation note 13); we do not."""

# XML 1.0 §2.1 and appendix F: markup, after a byte order mark or white space, in UTF-8 or UTF-16
_XML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\r ]*<[?!A-Za-z_:\x80-\xff]|(?:\xfe\xff)?\x00<|(?:\xff\xfe)?<\x00"
)
_HTML_START = re.compile(rb"(?:\xef\xbb\xbf)?[\t\n\r ]*<(?:!doctype[\t\n\r ]+html|html)\b", re.IGNORECASE)

_HEADER = re.compile(rb"%PDF-[12]\.\d(?![0-9])")
_REST_OF_LINE = re.compile(rb"[^\r\n]*")
_SPACE_OR_COMMENT = re.compile(rb"[\x00\t\n\x0c\r ]+|%[^\r\n]*")
_OBJECT = re.compile(rb"[0-9]{1,10}[\x00\t\n\x0c\r ]+[0-9]{1,5}[\x00\t\n\x0c\r ]+obj")
_ACTIVE_MARKUP = re.compile(
    rb"<(?:!doctype|html|head|body|script|svg|iframe|img|meta|object|\?php|\?xml)", re.IGNORECASE
)
_AT_FIXED_PLACES = (
    (128, b"DICM", "a DICOM image"),
    (257, b"ustar", "a TAR archive"),
    (32_769, b"CD001", "a disk image"),
    (34_817, b"CD001", "a disk image"),
    (36_865, b"CD001", "a disk image"),
)
_ARCHIVES_AFTER_A_STUB = (
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
)
_STUB_REACH = 1024 * 1024
_ZIP_TAIL = 22 + 65_535
"""The end-of-central-directory record and the longest comment after it (APPNOTE 4.3.16)."""


def family_of(path: Path) -> Family:
    """By the first bytes. Raises UnsupportedDocumentType, naming what it is instead, or DocumentAmbiguous."""
    with path.open("rb") as file:
        start = file.read(4 * _HEADER_REACH)
    if not start:
        raise UnsupportedDocumentType("The file is empty.", field="file")
    if start.startswith(b"%PDF-"):
        return "pdf"
    if b"%PDF-" in start[: _HEADER_REACH + 5]:
        raise DocumentAmbiguous(
            "Other bytes stand in front of the PDF header: the file may be something else as well.",
            field="file",
        )
    if start.startswith(b"PK\x03\x04"):
        return "package"
    if _XML_START.match(start) and not _HTML_START.match(start):
        return "xml"
    raise UnsupportedDocumentType(
        f"Only PDF, DOCX, XLSX and XML documents are accepted; {_describe(start)}.", field="file"
    )


def check_is_xml_alone(path: Path) -> None:
    """To no program that looks at fixed places or at its end, the XML file is anything else."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        _check_other_formats(content, "an XML document")


def check_is_pdf_alone(path: Path) -> None:
    """What begins as a PDF is one from the first byte to the last, and to no other program anything else.

    Raises DocumentAmbiguous, or DocumentUnreadable for a cut-off file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        _check_start(content)
        _check_end(content)
        _check_other_formats(content, "a PDF")


def _check_start(content: mmap.mmap) -> None:
    start = content[: 4 * _HEADER_REACH]
    header = _HEADER.match(start)
    if header is None:
        raise DocumentUnreadable("The PDF header names no known version.", field="file")
    position = header.end()
    skipped = _REST_OF_LINE.match(start, position)
    while skipped:
        position = skipped.end()
        skipped = _SPACE_OR_COMMENT.match(start, position)
    if not _OBJECT.match(start, position) or _ACTIVE_MARKUP.search(start, 0, position):
        raise DocumentAmbiguous(
            "Something other than comments stands between the PDF header and the first object.", field="file"
        )


def _check_end(content: mmap.mmap) -> None:
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise DocumentUnreadable("The PDF has no end marker: it seems to be cut off.", field="file")
    position = end + len(b"%%EOF")
    while rest := content[position : position + 65_536]:
        if rest.strip(_WHITESPACE):
            raise DocumentAmbiguous(
                "Other bytes follow the end of the PDF: the file may be something else as well.", field="file"
            )
        position += len(rest)


def _check_other_formats(content: mmap.mmap, kind: str) -> None:
    for offset, magic, name in _AT_FIXED_PLACES:
        if content[offset : offset + len(magic)] == magic:
            raise DocumentAmbiguous(f"The file is {kind} and {name} at once.", field="file")
    for magic, name in _ARCHIVES_AFTER_A_STUB:
        if content.find(magic, 0, _STUB_REACH) >= 0:
            raise DocumentAmbiguous(f"The file is {kind} and {name} at once.", field="file")
    if _is_zip(content):
        raise DocumentAmbiguous(f"The file is {kind} and a ZIP archive at once.", field="file")


def _is_zip(content: mmap.mmap) -> bool:
    """Whether a ZIP reader would find an archive: it looks from the end for the closing record.

    The four bytes alone may be chance in compressed data, so the record must also point at a
    central directory, be of an empty archive, or follow a ZIP64 locator.
    """
    floor = max(0, len(content) - _ZIP_TAIL)
    position = content.rfind(b"PK\x05\x06", floor)
    while position >= 0:
        record = content[position : position + 22]
        if len(record) == 22:
            directory_bytes = int.from_bytes(record[12:16], "little")
            directory = position - directory_bytes
            if (
                record[4:20] == bytes(16)
                or content[max(0, position - 20) : position].startswith(b"PK\x06\x07")
                or (
                    directory_bytes and directory >= 0 and content[directory : directory + 4] == b"PK\x01\x02"
                )
            ):
                return True
        position = content.rfind(b"PK\x05\x06", floor, position)
    return False


def _describe(start: bytes) -> str:
    text = start.lstrip(b"\xef\xbb\xbf" + _WHITESPACE).lower()
    for magic, name in _KNOWN_STARTS:
        if start.startswith(magic) or text.startswith(magic.lower()):
            return f"this file is {name}"
    return "this file is something else"
