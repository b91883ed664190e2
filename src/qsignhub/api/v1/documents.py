from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from qsignhub.accounts.model import Principal
from qsignhub.api.context import House, may
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.paging import DEFAULT_LIMIT, Cursor, Limit, Listing
from qsignhub.api.v1.schemas import UploadFields
from qsignhub.api.v1.schemas.values import DocumentId
from qsignhub.documents.model import Document
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.file_links import FileLinks
from qsignhub.foundation.scope import Scope

router = APIRouter(prefix="/v1", tags=["Documents"], route_class=StrictRoute)

Reader = Annotated[Principal, Depends(may("documents:read"))]
Writer = Annotated[Principal, Depends(may("documents:write"))]


@router.post("/documents", status_code=201, summary="Uploads a document for signing")
async def upload_document(request: Request, house: House, speaker: Writer, key: IdempotencyKey) -> Response:
    """multipart/form-data with ``file``, and optionally ``name`` and ``locale``; up to 50 MB."""
    received = house.uploads.receive(
        speaker.scope, request.stream(), request.headers.get("content-type", ""), content_length(request)
    )
    async with received as upload:
        fields = UploadFields.model_validate(upload.fields)
        once = Once(request, house, speaker.scope, key, [upload.sha256, upload.filename, upload.fields])
        if (kept := await once.kept()) is not None:
            return kept
        async with house.documents.inspected(speaker.scope, upload) as inspection:

            async def accept(tx: Transaction) -> dict[str, Any]:
                document = await house.documents.accept(
                    tx, speaker.scope, upload, inspection, name=fields.name, locale=fields.locale
                )
                return view(document, speaker.scope, house.file_links)

            return await once.do(accept)


@router.get("/documents", summary="Lists documents, newest first, with cursor pagination")
async def list_documents(
    house: House,
    speaker: Reader,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """``next_cursor`` of a page leads to the next one; it is null on the last."""
    listing = Listing(house.cursors, speaker.scope, "documents", {})
    after = listing.after(cursor)
    async with house.database.transaction() as tx:
        found = await house.documents.page(tx, speaker.scope, after, limit + 1)
    return listing.page(
        found,
        limit,
        lambda document: (document.created_at, document.id),
        lambda document: view(document, speaker.scope, house.file_links),
    )


@router.get("/documents/{document_id}", summary="Retrieves a document")
async def get_document(document_id: DocumentId, house: House, speaker: Reader) -> dict[str, Any]:
    async with house.database.transaction() as tx:
        document = await house.documents.get(tx, speaker.scope, document_id)
    return view(document, speaker.scope, house.file_links)


@router.delete("/documents/{document_id}", status_code=204, summary="Deletes a document")
async def delete_document(document_id: DocumentId, house: House, speaker: Writer) -> Response:
    """Removes its bytes; signed files stay for as long as the document would have. 409 while in use."""
    async with house.database.transaction() as tx:
        await house.documents.delete(tx, speaker.scope, document_id, house.signature_requests.any_open_on)
    return Response(status_code=204)


def view(document: Document, scope: Scope, file_links: FileLinks) -> dict[str, Any]:
    """The document as the contract prints it; ``hazards`` is ours, and there only if there are any."""
    preview = f"/preview/{document.id}/page-1.png" if document.preview_key else None
    shown: dict[str, Any] = {
        "id": document.id,
        "name": document.name,
        "mime_type": document.mime_type,
        "size_bytes": document.size_bytes,
        "pages": document.pages,
        "sha256": document.sha256,
        "preview_url": file_links.url(scope, preview) if preview else None,
        "created_at": iso(document.created_at),
        "expires_at": iso(document.expires_at),
    }
    if document.hazards:
        shown["hazards"] = [asdict(hazard) for hazard in document.hazards]
    return shown


def content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None
