"""Whether a file may still be put into a PDF without harm to what the document is (decision 20)."""

from __future__ import annotations

import re
import zlib
from typing import Final

from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import enumerate_sig_fields

from qsignhub.signing.format import Attachment
from qsignhub.signing.pades.pdf_objects import entry

_MOST_METADATA: Final = 1024 * 1024
_PART: Final = re.compile(rb"pdfaid:part\s*(?:=\s*[\"']|>\s*)(\d)")  # XMP: as an attribute, or as an element


def takes(writer: IncrementalPdfFileWriter, attachment: Attachment) -> bool:
    """Not where a signature would be hurt, or the document is certified (ISO 32000-2, 12.8.2.2); PDF/A-1
    takes no files in (ISO 19005-1, 6.1.11), PDF/A-2 none but PDF/A (ISO 19005-2, 6.8).
    """
    if entry(writer.root, "Perms") is not None:
        return False
    if any(True for _ in enumerate_sig_fields(writer.prev, filled_status=True)):
        return False
    part = _part_of(_metadata(writer))
    return part != 1 and (part != 2 or _part_of(attachment.content) is not None)


def _metadata(writer: IncrementalPdfFileWriter) -> bytes:
    """The beginning of it: XMP that says little at great length is not unpacked whole."""
    stream = entry(writer.root, "Metadata")
    if not isinstance(stream, StreamObject):
        return b""
    data: bytes = stream.encoded_data
    if "/Filter" not in stream:
        return data[:_MOST_METADATA]
    try:
        return zlib.decompressobj().decompress(data, _MOST_METADATA)
    except zlib.error:
        return b""


def _part_of(xmp: bytes) -> int | None:
    """Which part of ISO 19005 the metadata claim; None: none."""
    found = _PART.search(xmp.replace(b"\0", b""))  # in UTF-16 too
    return int(found[1]) if found else None
