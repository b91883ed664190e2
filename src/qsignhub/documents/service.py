"""Documents: taken in, looked up, read, deleted."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from qsignhub.documents import repository
from qsignhub.documents.converter import OFFICE_TYPES, Converter
from qsignhub.documents.errors import (
    DocumentGone,
    DocumentInUse,
    DocumentNotFound,
    PageNotFound,
    RetentionOver,
)
from qsignhub.documents.inspection import Inspection
from qsignhub.documents.inspector import Inspector
from qsignhub.documents.model import RETENTION, SUFFIXES, Document, Signable
from qsignhub.documents.retention import folder_of, schedule
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import is_id, new_id
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope

InUse = Callable[[Transaction, Scope, str], Awaitable[bool]]
"""Whether an open signature request is about a document; rooms above know."""

_LONGEST_NAME = 200  # characters, as of a name that is given


class Documents:
    def __init__(
        self, blobs: Blobs, inspector: Inspector, converter: Converter, clock: AccountClock, jobs: Jobs
    ) -> None:
        self.converter = converter
        self._blobs = blobs
        self._inspector = inspector
        self._clock = clock
        self._jobs = jobs

    @asynccontextmanager
    async def inspected(self, scope: Scope, upload: ReceivedUpload) -> AsyncIterator[Inspection]:
        """What came in, looked into and laid out as pages, or the reason why it is refused.

        Stores nothing; what was laid out is there until the block ends. Without a converter an Office
        document has no pages.
        """
        holder = scope.account_id
        with tempfile.TemporaryDirectory(prefix="inspect-", dir=upload.path.parent) as name:
            folder = Path(name)
            inspection = await self._inspector.inspect_upload(upload, folder, holder=holder)
            if inspection.mime_type in OFFICE_TYPES and self.converter.is_there:
                pdf = folder / "converted.pdf"
                await self.converter.convert(upload.path, inspection.mime_type, pdf, holder=holder)
                layout = await self._inspector.inspect(pdf, holder=holder)
                inspection = inspection.laid_out_as(layout, pdf)
            yield inspection

    async def accept(
        self,
        tx: Transaction,
        scope: Scope,
        upload: ReceivedUpload,
        inspection: Inspection,
        *,
        name: str | None = None,
        locale: str | None = None,
    ) -> Document:
        """Stores an inspected upload: first its bytes, then the record that makes it exist."""
        now = await self._clock.now(tx, scope)
        document_id = new_id("doc")
        folder = folder_of(scope, document_id)
        pdf, preview = inspection.pdf, inspection.preview_png
        document = Document(
            id=document_id,
            name=name or _plain(upload.filename) or f"document{SUFFIXES[inspection.mime_type]}",
            locale=locale,
            mime_type=inspection.mime_type,
            size_bytes=upload.size_bytes,
            pages=inspection.pages,
            sha256=upload.sha256,
            blob_key=f"{folder}original",
            preview_key=f"{folder}page-1.png" if preview else None,
            pdf_key=f"{folder}pages.pdf" if pdf else None,
            pdf_sha256=await asyncio.to_thread(_sha256_of, pdf) if pdf else None,
            page_boxes=inspection.page_boxes,
            hazards=inspection.hazards,
            created_at=now,
            expires_at=now + RETENTION,
        )
        await self._blobs.put_file(document.blob_key, upload.path)
        if pdf and document.pdf_key:
            await self._blobs.put_file(document.pdf_key, pdf)
        if preview and document.preview_key:
            await self._blobs.put(document.preview_key, preview)
        await repository.insert(tx, scope, document)
        await schedule(self._jobs, tx, scope, document_id, RETENTION)
        return document

    async def get(self, tx: Transaction, scope: Scope, document_id: str) -> Document:
        """Raises DocumentNotFound; DocumentGone or RetentionOver once its bytes are removed."""
        found = await repository.find(tx, scope, document_id) if is_id(document_id) else None
        return _there(found, document_id)

    async def hold(self, tx: Transaction, scope: Scope, document_id: str) -> Document:
        """As ``get``, and until the transaction ends nobody deletes it: for whoever builds on it."""
        found = await repository.hold(tx, scope, document_id) if is_id(document_id) else None
        return _there(found, document_id)

    async def page(
        self, tx: Transaction, scope: Scope, after: tuple[datetime, str] | None, limit: int
    ) -> list[Document]:
        """Documents that are there, the newest first, beginning behind ``after`` (created_at, id)."""
        return await repository.page(tx, scope, after, limit)

    async def record(self, tx: Transaction, scope: Scope, document_id: str) -> Document:
        """What is on record of a document, also when its bytes are gone. Raises DocumentNotFound."""
        found = await repository.find(tx, scope, document_id)
        if found is None:
            raise DocumentNotFound(f"There is no document {document_id}.", field="document_id")
        return found

    async def delete(self, tx: Transaction, scope: Scope, document_id: str, in_use: InUse) -> None:
        """Removes its bytes and keeps the record. Raises DocumentInUse.

        What was signed of it belongs to its requests, and stays as long as the document would have.
        """
        found = await repository.hold(tx, scope, document_id, alone=True) if is_id(document_id) else None
        document = _there(found, document_id)
        if await in_use(tx, scope, document_id):
            raise DocumentInUse(
                "An open signature request is about this document. Cancel the request first.",
                field="document_id",
            )
        await repository.set_deleted(tx, scope, document.id, await self._clock.now(tx, scope))
        await self._blobs.delete_prefix(folder_of(scope, document.id))

    async def due(self, tx: Transaction, scope: Scope) -> list[str]:
        """Ids of the documents whose retention is over by the account's clock."""
        return await repository.due(tx, scope, await self._clock.now(tx, scope))

    async def enqueue_due(self, tx: Transaction, scope: Scope) -> None:
        """Has their bytes removed now: for a clock that was moved ahead of what was scheduled by it."""
        for document_id in await self.due(tx, scope):
            await schedule(self._jobs, tx, scope, document_id, timedelta(0))

    def shown_as_pdf(self, document: Document) -> str | None:
        """The blob of the PDF whose pages people are shown: the file itself, or what was made of it.

        None where no converter was there, and for XML that is too long. ``Document.shown_sha256`` is its
        hash.
        """
        return document.shown_key

    @staticmethod
    def signable(document: Document, signature_format: str) -> Signable:
        """What a signature of this format is put on: ``pades`` on the PDF that there is of a document."""
        if signature_format == "pades" and document.pdf_key and document.pdf_sha256:
            return Signable(document.pdf_key, document.pdf_sha256)
        return Signable(document.blob_key, document.sha256)

    def as_file(self, document: Document) -> AbstractAsyncContextManager[Path]:
        """The document itself, as it was uploaded."""
        return self._blobs.as_file(document.blob_key)

    def preview(self, document: Document) -> AsyncIterator[bytes]:
        """Page 1 as PNG. Raises PageNotFound where there is none, at once."""
        if document.preview_key is None:
            raise PageNotFound("The document has no preview.")
        return self._blobs.stream(document.preview_key)

    async def render_page(self, document: Document, page: int, width: int) -> bytes:
        """A page (from 1) as PNG, ``width`` pixels wide."""
        key = self.shown_as_pdf(document)
        if key is None:
            raise PageNotFound("The document has no pages.")
        async with self._blobs.as_file(key) as path:
            return await self._inspector.render_page(path, page - 1, width)


def _there(document: Document | None, document_id: str) -> Document:
    if document is None:
        raise DocumentNotFound(f"There is no document {document_id}.", field="document_id")
    if document.deleted_at is not None:
        raise DocumentGone(
            f"The document was deleted on {iso(document.deleted_at)}; upload it again.", field="document_id"
        )
    if document.purged_at is not None:
        raise RetentionOver(
            f"The document was kept until {iso(document.expires_at)}, as announced, and is removed.",
            field="document_id",
        )
    return document


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(filename: str | None) -> str:
    """A client's file name without what cannot be seen or turns the writing direction, not too long."""
    shown = "".join(c for c in filename or "" if unicodedata.category(c)[0] != "C").strip()
    return shown[:_LONGEST_NAME].rstrip()
