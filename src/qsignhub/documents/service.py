"""Documents: taken in, looked up, read."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from qsignhub.documents import repository
from qsignhub.documents.errors import DocumentNotFound
from qsignhub.documents.inspection import check_declared_type
from qsignhub.documents.inspector import Inspector
from qsignhub.documents.model import RETENTION, Document, Signable
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import is_id, new_id
from qsignhub.foundation.scope import Scope


class Documents:
    def __init__(self, blobs: Blobs, inspector: Inspector, clock: Clock) -> None:
        self._blobs = blobs
        self._inspector = inspector
        self._clock = clock

    async def inspect(self, upload: ReceivedUpload) -> tuple[int, bytes]:
        """Pages and a preview of what came in, or the reason why it is refused. Stores nothing."""
        check_declared_type(upload.filename, upload.content_type)
        inspection = await self._inspector.inspect(upload.path)
        return inspection.pages, inspection.preview_png

    async def accept(
        self,
        tx: Transaction,
        scope: Scope,
        upload: ReceivedUpload,
        pages: int,
        preview: bytes,
        *,
        name: str | None = None,
        locale: str | None = None,
    ) -> Document:
        """Stores an inspected upload: first its bytes, then the record that makes it exist."""
        now = self._clock.now()
        document_id = new_id("doc")
        folder = f"documents/{scope.mode}/{document_id}"
        document = Document(
            id=document_id,
            name=name or _plain(upload.filename) or "document.pdf",
            locale=locale,
            mime_type="application/pdf",
            size_bytes=upload.size_bytes,
            pages=pages,
            sha256=upload.sha256,
            blob_key=f"{folder}/original",
            preview_key=f"{folder}/page-1.png",
            created_at=now,
            expires_at=now + RETENTION,
        )
        await self._blobs.put_file(document.blob_key, upload.path)
        await self._blobs.put(f"{folder}/page-1.png", preview)
        await repository.insert(tx, scope, document)
        return document

    async def get(self, tx: Transaction, scope: Scope, document_id: str) -> Document:
        document = await repository.find(tx, scope, document_id) if is_id(document_id) else None
        if document is None:
            raise DocumentNotFound(f"There is no document {document_id}.", field="document_id")
        return document

    @staticmethod
    def signable(document: Document, signature_format: str) -> Signable:
        """What a signature of this format is put on: ``pades`` on the PDF that there is of a document."""
        if signature_format == "pades" and document.pdf_key and document.pdf_sha256:
            return Signable(document.pdf_key, document.pdf_sha256)
        return Signable(document.blob_key, document.sha256)

    def as_file(self, document: Document) -> AbstractAsyncContextManager[Path]:
        return self._blobs.as_file(document.blob_key)

    def preview(self, document: Document) -> AsyncIterator[bytes]:
        return self._blobs.stream(document.preview_key or "")

    async def render_page(self, document: Document, page: int, width: int) -> bytes:
        """A page (from 1) as PNG, ``width`` pixels wide."""
        async with self.as_file(document) as path:
            return await self._inspector.render_page(path, page - 1, width)


def _plain(filename: str | None) -> str:
    """A client's file name without what cannot be seen or turns the writing direction."""
    return "".join(c for c in filename or "" if unicodedata.category(c)[0] != "C").strip()
