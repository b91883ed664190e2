"""A PDF's pages as pyHanko in strict mode reads them, which is how it will be signed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.documents.errors import DocumentEncrypted, DocumentUnreadable
from qsignhub.documents.page_boxes import Box, PageBoxes
from qsignhub.foundation.errors import QSignHubError
from qsignhub.signing.pades.pdf_objects import entry

MAX_PAGES = 10_000
_MAX_TREE_DEPTH = 100
_INHERITED = ("/MediaBox", "/CropBox")  # of what ISO 32000-2 §7.7.3.4 lets pages inherit


def open_strictly(file: BinaryIO) -> PdfFileReader:
    """Raises DocumentEncrypted or DocumentUnreadable; to be called within ``reading_errors``."""
    reader = PdfFileReader(file, strict=True)
    if "/Encrypt" in reader.trailer:
        raise DocumentEncrypted(
            "The PDF is encrypted; signatures need a document that anybody can check. "
            "Remove its protection and upload it again.",
            field="file",
        )
    if reader.xrefs.hybrid_xrefs_present:
        raise DocumentUnreadable(
            "The PDF has hybrid cross-references, which show different readers different content. "
            "Save it again in another program.",
            field="file",
        )
    IncrementalPdfFileWriter.from_reader(reader)
    return reader


def page_boxes(reader: PdfFileReader) -> tuple[int, PageBoxes]:
    """How many pages there are, and where each is in user space. Raises DocumentUnreadable."""
    boxes = [box for _, box in _pages(reader)]
    if not boxes:
        raise DocumentUnreadable("The PDF has no pages.", field="file")
    return len(boxes), PageBoxes.of_pages(boxes)


def _pages(reader: PdfFileReader) -> Iterator[tuple[DictionaryObject, Box | None]]:
    """The leaves of the page tree (ISO 32000-2 §7.7.3), each node visited once however it is knotted."""
    seen = set()
    waiting: list[tuple[Any, int, dict[str, Any]]] = [(reader.root.raw_get("/Pages"), 0, {})]
    found = 0
    while waiting:
        node_reference, depth, inherited = waiting.pop()
        if not isinstance(node_reference, IndirectObject):
            raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
        if node_reference.reference in seen or depth > _MAX_TREE_DEPTH:
            raise DocumentUnreadable("The PDF's page tree is broken: it reaches a node twice.", field="file")
        seen.add(node_reference.reference)
        node = node_reference.get_object()  # type: ignore[no-untyped-call]
        if not isinstance(node, DictionaryObject):
            raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
        own = inherited | {name: node[name] for name in _INHERITED if name in node}
        if "/Kids" in node:
            kids = node["/Kids"]
            if not isinstance(kids, ArrayObject):
                raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
            waiting.extend((kids.raw_get(index), depth + 1, own) for index in reversed(range(len(kids))))
        elif entry(node, "Type") != "/Page" or isinstance(node, StreamObject):
            raise DocumentUnreadable("The PDF's page tree holds something that is no page.", field="file")
        else:
            found += 1
            yield node, _shown_box(own)
        if found + len(waiting) > MAX_PAGES + _MAX_TREE_DEPTH:
            raise DocumentUnreadable(f"The PDF has more than {MAX_PAGES:,} pages.", field="file")


def _shown_box(boxes: dict[str, Any]) -> Box | None:
    """The crop box, as far as it is within the media box (ISO 32000-2 §14.11.2); None for no area."""
    media, crop = _rectangle(boxes.get("/MediaBox")), _rectangle(boxes.get("/CropBox"))
    if media is None or crop is None:
        return media
    x0, y0 = max(media[0], crop[0]), max(media[1], crop[1])
    x1, y1 = min(media[2], crop[2]), min(media[3], crop[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _rectangle(found: object) -> Box | None:
    """Any two opposite corners (ISO 32000-2 §7.9.5), put in order; None if that is no area."""
    if not isinstance(found, ArrayObject) or len(found) != 4:
        return None
    try:
        ax, ay, bx, by = (round(float(found[index]), 3) for index in range(4))
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not all(map(math.isfinite, (ax, ay, bx, by))) or ax == bx or ay == by:
        return None
    return (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


@contextmanager
def reading_errors() -> Iterator[None]:
    """A broken file surfaces in pyHanko as almost any exception; all of them mean the same here."""
    try:
        yield
    except QSignHubError:
        raise
    except PdfError as exc:
        reason = "".join(character if character.isprintable() else "?" for character in str(exc)[:200])
        raise DocumentUnreadable(f"The PDF cannot be read: {reason}", field="file") from exc
    except MemoryError as exc:
        raise DocumentUnreadable("Reading the PDF takes too much memory.", field="file") from exc
    except Exception as exc:
        raise DocumentUnreadable("The PDF cannot be read: its structure is broken.", field="file") from exc
