"""A document as it was uploaded. It never changes: signed revisions belong to the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RETENTION = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    name: str
    locale: str | None
    mime_type: str
    size_bytes: int
    pages: int | None
    sha256: str
    blob_key: str
    preview_key: str | None
    created_at: datetime
    expires_at: datetime
    pdf_key: str | None = None
    """Of an office document: the PDF it was converted to, which is what PAdES signs."""
    pdf_sha256: str | None = None

    def page_box(self, page: int) -> tuple[float, float, float, float] | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class Signable:
    """The bytes that a signature is put on: the document itself, or the PDF made of it."""

    key: str
    sha256: str
