"""Looks into a file before it is accepted: what is it, can it be read, shown, and later signed?

Two readers must agree on a PDF: pyHanko in strict mode, which signs it later, and PDFium, which
shows it to the people who sign. All of this handles hostile bytes in native code and belongs in a
worker process (``inspector.py``), never in the process that holds sessions and keys.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pypdfium2

from qsignhub.documents.declared_type import check_declared_type
from qsignhub.documents.errors import DocumentUnreadable, PageNotFound
from qsignhub.documents.file_type import check_is_pdf_alone, check_is_xml_alone, family_of
from qsignhub.documents.model import PDF_TYPE, XML_TYPE, Hazard
from qsignhub.documents.office_package import inspect_package
from qsignhub.documents.page_boxes import NO_BOXES, PageBoxes
from qsignhub.documents.pdf_content import check_content
from qsignhub.documents.pdf_structure import open_strictly, page_boxes, reading_errors
from qsignhub.documents.xml_document import inspect_xml, typeset_xml
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.pades.revision import append_validation_data, prepare_signature
from qsignhub.signing.validation_data import ValidationData

PREVIEW_LONG_SIDE = 1000
MAX_PIXELS = 12_000_000
"""An A4 page at 2,900 pixels of width; 48 MB while it is drawn."""
MAX_WIDTH = 4000


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found out about a file that is accepted."""

    mime_type: str
    hazards: tuple[Hazard, ...] = ()
    pages: int | None = None
    page_boxes: PageBoxes = NO_BOXES
    preview_png: bytes | None = None
    """Page 1, about 1,000 pixels on its long side."""
    pdf: Path | None = None
    """The whole file laid out as a PDF of ``pages`` pages, where it is none itself."""

    def laid_out_as(self, layout: Inspection, pdf: Path) -> Inspection:
        """With pages and preview of ``layout``, which is what was found out about ``pdf``."""
        return replace(
            self,
            pages=layout.pages,
            page_boxes=layout.page_boxes,
            preview_png=layout.preview_png,
            pdf=pdf,
        )


def inspect_file(
    path: Path, filename: str | None, content_type: str | None, sha256: str, folder: Path
) -> Inspection:
    """Accepts a file of a type that we take, or raises one of the room's ``Invalid`` errors.

    ``folder`` takes what is made of it. An Office document comes back without pages: it is laid out by
    another program (``converter.py``).
    """
    family = family_of(path)
    if family == "pdf":
        check_declared_type(PDF_TYPE, filename, content_type)
        return inspect_pdf(path)
    if family == "package":
        mime_type, hazards = inspect_package(path)
        check_declared_type(mime_type, filename, content_type)
        return Inspection(mime_type, hazards)
    check_declared_type(XML_TYPE, filename, content_type)
    check_is_xml_alone(path)
    inspection = Inspection(XML_TYPE, inspect_xml(path))
    pdf = folder / "typeset.pdf"
    whole = typeset_xml(path, pdf, sha256)
    layout = inspect_pdf(pdf)
    if whole:
        return inspection.laid_out_as(layout, pdf)
    return replace(inspection, preview_png=layout.preview_png)


def inspect_pdf(path: Path) -> Inspection:
    """Accepts a PDF that both readers can read; raises one of the room's ``Invalid`` errors otherwise.

    A PDF that is signed already passes: it will be signed incrementally (ISO 32000-2 §12.8.1).
    """
    check_is_pdf_alone(path)
    with path.open("rb") as file, reading_errors():
        reader = open_strictly(file)
        pages, boxes = page_boxes(reader)
        hazards = check_content(reader)
    with _opened(path) as pdf:
        if len(pdf) != pages:
            raise DocumentUnreadable(
                f"The PDF's page tree is inconsistent: it has {pages} pages, or {len(pdf)}.", field="file"
            )
        preview = _draw(pdf, 0, long_side=PREVIEW_LONG_SIDE)
    _check_takes_a_signature(path)
    return Inspection(PDF_TYPE, hazards, pages, boxes, preview)


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
