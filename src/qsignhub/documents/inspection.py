"""Looks into a PDF before it is accepted: can it be read, shown, and later signed?

Two readers must agree on it: pyHanko in strict mode, which signs it later, and PDFium, which
shows it to the people who sign. All of this handles hostile bytes in native code and belongs in a
worker process (``inspector.py``), never in the process that holds sessions and keys.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.documents.errors import DocumentEncrypted, DocumentUnreadable, PageNotFound
from qsignhub.documents.file_type import check_declared_type, check_is_pdf_alone
from qsignhub.foundation.errors import QSignHubError
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.pades.revision import append_validation_data, prepare_signature
from qsignhub.signing.validation_data import ValidationData

__all__ = ["Inspection", "check_declared_type", "inspect_pdf", "render_page"]

PREVIEW_LONG_SIDE = 1000
MAX_PAGES = 10_000
MAX_PIXELS = 12_000_000
"""An A4 page at 2,900 pixels of width; 48 MB while it is drawn."""
MAX_WIDTH = 4000
_MAX_TREE_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Inspection:
    pages: int
    preview_png: bytes
    """Page 1, about 1,000 pixels on its long side."""


def inspect_pdf(path: Path) -> Inspection:
    """Accepts a PDF that both readers can read; raises one of the room's ``Invalid`` errors otherwise.

    A PDF that is signed already passes: it will be signed incrementally (ISO 32000-2 §12.8.1).
    """
    check_is_pdf_alone(path)
    with path.open("rb") as file:
        pages = _count_pages_strictly(file)
    with _opened(path) as pdf:
        if len(pdf) != pages:
            raise DocumentUnreadable(
                f"The PDF's page tree is inconsistent: it has {pages} pages, or {len(pdf)}.", field="file"
            )
        preview = _draw(pdf, 0, long_side=PREVIEW_LONG_SIDE)
    _check_takes_a_signature(path)
    return Inspection(pages, preview)


def _check_takes_a_signature(path: Path) -> None:
    """Prepares a signature and throws it away: what cannot be signed is told now, not to the signer."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="trial-") as trial:
        try:
            prepare_signature(
                path, Path(trial.name), field_name="Trial", claimed_time=datetime(2000, 1, 1, tzinfo=UTC)
            )
            append_validation_data(Path(trial.name), ValidationData((), (), ()))
        except DocumentNotSignable as exc:
            raise DocumentUnreadable(exc.message, field="file") from exc


def render_page(path: Path, page_index: int, width_px: int) -> bytes:
    """A page as PNG, ``width_px`` wide (1 to 4,000, and never more than 12 megapixels).

    ``page_index`` counts from 0; PageNotFound if the document has no such page.
    """
    with _opened(path) as pdf:
        if not 0 <= page_index < len(pdf):
            raise PageNotFound(f"The document has {len(pdf)} pages; there is no page {page_index + 1}.")
        return _draw(pdf, page_index, width=min(max(width_px, 1), MAX_WIDTH))


def _count_pages_strictly(file: BinaryIO) -> int:
    """Reads the PDF the way the signing step will, and walks its page tree (ISO 32000-2 §7.7.3)."""
    with _reading_errors():
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
        pages = sum(1 for _ in _pages(reader))
    if pages == 0:
        raise DocumentUnreadable("The PDF has no pages.", field="file")
    return pages


def _pages(reader: PdfFileReader) -> Iterator[DictionaryObject]:
    """The leaves of the page tree, each node visited once however the tree is knotted."""
    seen = set()
    waiting: list[tuple[Any, int]] = [(reader.root.raw_get("/Pages"), 0)]
    found = 0
    while waiting:
        node_reference, depth = waiting.pop()
        if not isinstance(node_reference, IndirectObject):
            raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
        if node_reference.reference in seen or depth > _MAX_TREE_DEPTH:
            raise DocumentUnreadable("The PDF's page tree is broken: it reaches a node twice.", field="file")
        seen.add(node_reference.reference)
        node = node_reference.get_object()  # type: ignore[no-untyped-call]
        if not isinstance(node, DictionaryObject):
            raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
        if "/Kids" in node:
            kids = node["/Kids"]
            if not isinstance(kids, ArrayObject):
                raise DocumentUnreadable("The PDF's page tree is broken.", field="file")
            waiting.extend((kids.raw_get(index), depth + 1) for index in reversed(range(len(kids))))
        elif node.get("/Type") != "/Page" or isinstance(node, StreamObject):
            raise DocumentUnreadable("The PDF's page tree holds something that is no page.", field="file")
        else:
            found += 1
            yield node
        if found + len(waiting) > MAX_PAGES + _MAX_TREE_DEPTH:
            raise DocumentUnreadable(f"The PDF has more than {MAX_PAGES:,} pages.", field="file")


@contextmanager
def _reading_errors() -> Iterator[None]:
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


@contextmanager
def _opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """The PDF in PDFium, form fields included: what people see of it is what they sign."""
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        raise DocumentUnreadable("The PDF cannot be displayed.", field="file") from exc
    try:
        pdf.init_forms()
        yield pdf
    except pypdfium2.PdfiumError as exc:
        raise DocumentUnreadable("The PDF cannot be displayed.", field="file") from exc
    finally:
        pdf.close()


def _draw(pdf: pypdfium2.PdfDocument, page_index: int, *, width: int = 0, long_side: int = 0) -> bytes:
    page = pdf[page_index]
    page_width, page_height = page.get_size()
    if not all(math.isfinite(side) and side > 0 for side in (page_width, page_height)):
        raise DocumentUnreadable(f"Page {page_index + 1} has no size.", field="file")
    scale = width / page_width if width else long_side / max(page_width, page_height)
    scale = min(
        scale, math.sqrt(MAX_PIXELS / page_width / page_height), MAX_PIXELS / max(page_width, page_height)
    )
    # PDFium's binding rounds up: without the small cut 1,000 pixels become 1,001
    bitmap = page.render(scale=scale * (1 - 1e-9))
    png = BytesIO()
    bitmap.to_pil().save(png, "PNG")
    return png.getvalue()
