"""An ASiC-E container (ETSI EN 319 162-1 clause 4.4): a ZIP file with the document and its signatures.

First the entry ``mimetype``, then the document under its plain name, then what stands in META-INF/. All
entries are stored, not compressed: office documents are compressed already, the document can be hashed
where it stands, and nothing that is read can blow up. The file is the same whenever it is written.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from qsignhub.signing.content import Content
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.errors import DocumentNotSignable

MIME_TYPE: Final = "application/vnd.etsi.asic-e+zip"
META_INF: Final = "META-INF/"
_MIMETYPE: Final = "mimetype"
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")  # APPNOTE.TXT 4.3.7
_UTF_8: Final = 0x800  # general purpose bit 11
_MOST_ENTRIES: Final = 256
_MOST_METADATA: Final = 64 * 1024 * 1024  # octets in META-INF/ together
_METADATA_NAME: Final = re.compile(r"META-INF/[A-Za-z0-9_-]{1,100}\.[a-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Container:
    """What a container holds. ``name`` is the document's, ``metadata`` the entries of META-INF/ by their
    whole names, in their order.
    """

    name: str
    content: Content
    metadata: Mapping[str, bytes]


def entry_uri(name: str) -> str:
    """The relative reference to an entry (RFC 3986), as manifests and XML signatures name it."""
    return quote(name)


def write(target: Path, container: Container) -> None:
    """The whole file anew; ``container.content`` is copied from where it stands, in another file."""
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_MIMETYPE), MIME_TYPE)
        document = zipfile.ZipInfo(container.name)
        document.file_size = container.content.size
        with archive.open(document, "w") as entry:
            for piece in container.content.pieces():
                entry.write(piece)
        for name, data in container.metadata.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def read(path: Path) -> Container:
    """A container of our own making. Raises DocumentNotSignable where it is anything else."""
    try:
        return _read(path)
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, UnicodeError) as wrong:
        raise _refusal(str(wrong)) from wrong


def _read(path: Path) -> Container:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _check_entries(entries)
        mimetype, document, *metadata = entries
        first = (mimetype.filename, mimetype.header_offset) == (_MIMETYPE, 0)
        if not first or archive.read(mimetype) != MIME_TYPE.encode():
            raise _refusal("its first entry is not the mimetype of an ASiC-E container")
        if document.filename != entry_name(document.filename):
            raise _refusal("its second entry is not a document with a plain name")
        if not all(_METADATA_NAME.fullmatch(entry.filename) for entry in metadata):
            raise _refusal("there is something in it beside one document and META-INF/")
        return Container(
            document.filename,
            _place(path, document),
            {entry.filename: archive.read(entry) for entry in metadata},
        )


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if not 2 <= len(entries) <= _MOST_ENTRIES:
        raise _refusal(f"it has {len(entries)} entries")
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        raise _refusal("two entries have one name")
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise _refusal("an entry is compressed")
        if entry.flag_bits & ~_UTF_8 or entry.extra or not (entry.flag_bits or entry.filename.isascii()):
            raise _refusal("an entry is encrypted, or of another kind")
    if sum(entry.file_size for entry in entries[2:]) > _MOST_METADATA:
        raise _refusal("there is too much in META-INF/")


def _place(path: Path, entry: zipfile.ZipInfo) -> Content:
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        fields = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        name = file.read(fields[9])
    if (fields[0], fields[7], fields[8], fields[10]) != (b"PK\3\4", entry.file_size, entry.file_size, 0) or (
        name.decode() != entry.filename
    ):
        raise _refusal("the document's two headers differ")
    return Content(path, entry.header_offset + _LOCAL_HEADER.size + len(name), entry.file_size)


def _refusal(why: str) -> DocumentNotSignable:
    return DocumentNotSignable(f"The container is not one that takes a signature: {why}.")
