"""Reads a ZIP package by hand, within bounds, and in the one way that leaves no room for a second reading.

Libraries are lenient, each in its own way, and a package that two of them read differently is two
documents. So here every byte of the directory is accounted for (APPNOTE 6.3.10), local and central headers
agree, nothing overlaps, and what is inflated is what was declared, to the byte.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from qsignhub.documents.errors import DocumentAmbiguous, DocumentEncrypted, DocumentUnreadable

MAX_ENTRIES = 2_000
MAX_TOTAL_BYTES = 256 * 1024 * 1024
MAX_RATIO = 150
"""Uncompressed to compressed; office documents, which compress well, stay below 50."""

_RATIO_FROM = 8 * 1024 * 1024
_MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
_CHUNK = 256 * 1024
_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_UTF8 = 0x0800
_IN_ZIP64 = 0xFFFFFFFF
# Inside of the package, one way to write it: no root, no drive, no parent, no backslash, no control
# character (ISO/IEC 29500-2 §6.2.2).
_NAME = re.compile(r"(?!/)(?!(?:.*/)?\.{1,2}(?:/|$))(?!.*//)[^\\:\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class _Entry:
    raw_name: bytes
    method: int
    crc: int
    compressed: int
    size: int
    offset: int


class Package:
    """The parts of an opened package by name; folders' own entries are left out."""

    def __init__(self, file: BinaryIO, entries: Mapping[str, _Entry]) -> None:
        self._file = file
        self._entries = entries
        self.names = [name for name in entries if not name.endswith("/")]

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part's content in pieces; DocumentUnreadable unless it is what the directory says of it."""
        entry = self._entries[name]
        self._file.seek(_data_offset(self._file, entry))
        left, size, crc = entry.compressed, 0, 0
        inflater = zlib.decompressobj(-15) if entry.method == _DEFLATED else None
        while left:
            compressed = self._file.read(min(_CHUNK, left))
            if not compressed:
                raise _broken("a part is cut off")
            left -= len(compressed)
            for piece in _inflated(inflater, compressed):
                size += len(piece)
                if size > entry.size:
                    raise _broken("a part is larger than it says")
                crc = zlib.crc32(piece, crc)
                yield piece
        finished = inflater is None or (inflater.eof and not inflater.unused_data)
        if size != entry.size or crc != entry.crc or not finished:
            raise _broken("a part is not what its entry says")

    def read(self, name: str, limit: int) -> bytes:
        """A whole part of at most ``limit`` bytes."""
        if self._entries[name].size > limit:
            raise DocumentUnreadable(f"A part of the document is too large: {name[:80]}.", field="file")
        return b"".join(self.chunks(name))


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Raises DocumentUnreadable, DocumentAmbiguous or DocumentEncrypted; inflates nothing yet."""
    with path.open("rb") as file:
        entries = _directory(file, path.stat().st_size)
        _check_bounds(entries, path.stat().st_size)
        _check_layout(file, entries)
        yield Package(file, entries)


def _directory(file: BinaryIO, file_size: int) -> dict[str, _Entry]:
    end_offset = file_size - _END.size
    if end_offset < 0:
        raise _broken("it is cut off")
    file.seek(end_offset)
    signature, disk, first_disk, here, count, size, offset, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\x05\x06":
        raise DocumentAmbiguous(
            "The document's archive does not end with its directory: it is cut off, or something follows it.",
            field="file",
        )
    if (disk, first_disk, comment) != (0, 0, 0) or here != count or offset + size != end_offset:
        raise DocumentAmbiguous(
            "The document's archive is laid out in a way that programs read differently. "
            "Save it again in an office program.",
            field="file",
        )
    if count > MAX_ENTRIES or size > _MAX_DIRECTORY_BYTES:
        raise DocumentUnreadable(f"The document has more than {MAX_ENTRIES:,} parts.", field="file")
    file.seek(offset)
    directory = file.read(size)
    entries: dict[str, _Entry] = {}
    folded: set[str] = set()
    position = 0
    for _ in range(count):
        if position + _CENTRAL.size > size:
            raise _broken("its directory is cut off")
        fields = _CENTRAL.unpack_from(directory, position)
        name_length, extra_length, comment_length = fields[10:13]
        position += _CENTRAL.size
        entry = _entry(fields, directory[position : position + name_length])
        position += name_length + extra_length + comment_length
        name = _name(entry.raw_name, utf8=bool(fields[3] & _UTF8))
        if name.casefold() in folded:  # part names are equal whatever their case (ISO/IEC 29500-2 §6.2.2.3)
            raise DocumentAmbiguous(f"The document has a part twice: {name[:80]}.", field="file")
        folded.add(name.casefold())
        entries[name] = entry
    if position != size:
        raise _broken("its directory is not of the size that it says")
    return entries


def _entry(fields: tuple[Any, ...], raw_name: bytes) -> _Entry:
    signature, _, _, flags, method, _, _, crc, compressed, size = fields[:10]
    disk, offset = fields[13], fields[16]
    if signature != b"PK\x01\x02" or disk != 0 or _IN_ZIP64 in {compressed, size, offset}:
        raise _broken("its directory cannot be read")
    if flags & _ENCRYPTED:
        raise DocumentEncrypted(
            "The document is encrypted. Remove its protection and upload it again.", field="file"
        )
    if method not in {_STORED, _DEFLATED} or (method == _STORED and size != compressed):
        raise _broken("a part is compressed in a way that office documents do not use")
    return _Entry(raw_name, method, crc, compressed, size, offset)


def _name(raw: bytes, *, utf8: bool) -> str:
    try:
        name = raw.decode("utf-8" if utf8 else "ascii")
    except UnicodeDecodeError:
        raise _broken("a part's name is not valid") from None
    if not _NAME.fullmatch(name.removesuffix("/")):
        raise DocumentUnreadable("A part's name leads out of the document.", field="file")
    return name


def _check_bounds(entries: Mapping[str, _Entry], file_size: int) -> None:
    total = sum(entry.size for entry in entries.values())
    if total > MAX_TOTAL_BYTES:
        raise DocumentUnreadable(
            f"The document unpacks to more than {MAX_TOTAL_BYTES // 1024**2} MB.", field="file"
        )
    if total > _RATIO_FROM and total > MAX_RATIO * file_size:
        raise DocumentUnreadable(
            f"The document unpacks to more than {MAX_RATIO} times its size.", field="file"
        )


def _check_layout(file: BinaryIO, entries: Mapping[str, _Entry]) -> None:
    """From the first byte on, one part after the other: none inside of another."""
    expected_from = 0
    for entry in sorted(entries.values(), key=lambda entry: entry.offset):
        if entry.offset < expected_from or (expected_from == 0 and entry.offset != 0):
            raise DocumentAmbiguous(
                "Parts of the document overlap, or something precedes them.", field="file"
            )
        expected_from = _data_offset(file, entry) + entry.compressed


def _data_offset(file: BinaryIO, entry: _Entry) -> int:
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise _broken("a part is cut off")
    signature, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack(header)
    same = signature == b"PK\x03\x04" and method == entry.method and not flags & _ENCRYPTED
    if not same or file.read(name_length) != entry.raw_name:
        raise DocumentAmbiguous("The document's archive says two things of one part.", field="file")
    return entry.offset + _LOCAL.size + int(name_length) + int(extra_length)


def _inflated(inflater: zlib._Decompress | None, compressed: bytes) -> Iterator[bytes]:
    if inflater is None:
        yield compressed
        return
    while compressed:
        try:
            piece = inflater.decompress(compressed, _CHUNK)
        except zlib.error:
            raise _broken("a part cannot be unpacked") from None
        yield piece
        compressed = inflater.unconsumed_tail
        if inflater.eof:
            return


def _broken(how: str) -> DocumentUnreadable:
    return DocumentUnreadable(f"The document's archive is broken: {how}.", field="file")
