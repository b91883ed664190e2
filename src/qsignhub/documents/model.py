"""A document as it was uploaded. It never changes: signed revisions belong to the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.documents.page_boxes import NO_BOXES, Box, PageBoxes

RETENTION = timedelta(days=90)

PDF_TYPE = "application/pdf"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XML_TYPE = "application/xml"
SUFFIXES = {PDF_TYPE: ".pdf", DOCX_TYPE: ".docx", XLSX_TYPE: ".xlsx", XML_TYPE: ".xml"}


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something in a document that is allowed, and that whoever has it signed should know of."""

    code: str
    message: str


EXISTING_SIGNATURES = "EXISTING_SIGNATURES"
"""The hazard's code where the document is signed already."""


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    name: str
    locale: str | None
    mime_type: str
    size_bytes: int
    pages: int | None
    """None where the file has no pages laid out: no converter was there, or it is too long for that."""
    sha256: str
    blob_key: str
    preview_key: str | None
    created_at: datetime
    expires_at: datetime
    pdf_key: str | None = None
    """A file that is no PDF itself, laid out as one: what PAdES signs of it."""
    pdf_sha256: str | None = None
    page_boxes: PageBoxes = NO_BOXES
    hazards: tuple[Hazard, ...] = ()
    deleted_at: datetime | None = None
    purged_at: datetime | None = None

    @property
    def is_gone(self) -> bool:
        """Its bytes were removed; what is on record stays."""
        return self.deleted_at is not None or self.purged_at is not None

    @property
    def shown_key(self) -> str | None:
        """The blob of the PDF whose pages people are shown: the file itself, or what was made of it."""
        return self.blob_key if self.mime_type == PDF_TYPE else self.pdf_key

    @property
    def shown_sha256(self) -> str | None:
        return self.sha256 if self.mime_type == PDF_TYPE else self.pdf_sha256

    @property
    def file_name(self) -> str:
        """Its name with the ending of its type, as a file to be kept."""
        suffix = SUFFIXES.get(self.mime_type, "")
        return self.name if self.name.lower().endswith(suffix) else f"{self.name}{suffix}"

    def page_box(self, page: int) -> Box | None:
        """(x0, y0, x1, y1) of a page (from 1) as it is shown, in points of PDF user space (decision 6).

        None where there is no such page, or where its PDF gives it no usable size.
        """
        return self.page_boxes.of(page)


@dataclass(frozen=True, slots=True)
class Signable:
    """The bytes that a signature is put on: the document itself, or the PDF made of it."""

    key: str
    sha256: str
