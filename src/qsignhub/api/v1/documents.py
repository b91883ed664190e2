from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from qsignhub.api.context import House, Speaker
from qsignhub.api.v1.schemas import UploadFields
from qsignhub.documents.model import Document
from qsignhub.foundation.clock import iso
from qsignhub.foundation.cursors import DEFAULT_LIMIT, MAX_LIMIT
from qsignhub.foundation.file_links import FileLinks
from qsignhub.foundation.scope import Scope

router = APIRouter(prefix="/v1", tags=["Documents"])

_LISTING = "documents"


@router.post("/documents", status_code=201, summary="Uploads a document for signing")
async def upload_document(request: Request, house: House, speaker: Speaker) -> dict[str, Any]:
    """multipart/form-data with ``file``, and optionally ``name`` and ``locale``; up to 50 MB."""
    received = house.uploads.receive(
        speaker.scope, request.stream(), request.headers.get("content-type", ""), content_length(request)
    )
    async with received as upload:
        fields = UploadFields.model_validate(upload.fields)
        async with (
            house.documents.inspected(speaker.scope, upload) as inspection,
            house.database.transaction() as tx,
        ):
            document = await house.documents.accept(
                tx, speaker.scope, upload, inspection, name=fields.name, locale=fields.locale
            )
    return view(document, speaker.scope, house.file_links)


@router.get("/documents", summary="Lists documents, newest first, with cursor pagination")
async def list_documents(
    house: House,
    speaker: Speaker,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> dict[str, Any]:
    """``next_cursor`` of a page leads to the next one; it is null on the last."""
    after = house.cursors.read(speaker.scope, _LISTING, {}, cursor) if cursor is not None else None
    async with house.database.transaction() as tx:
        found, more = await house.documents.page(tx, speaker.scope, after=after, limit=limit)
    return {
        "data": [view(document, speaker.scope, house.file_links) for document in found],
        "next_cursor": house.cursors.issue(speaker.scope, _LISTING, {}, more) if more else None,
    }


@router.get("/documents/{document_id}", summary="Retrieves a document")
async def get_document(document_id: str, house: House, speaker: Speaker) -> dict[str, Any]:
    async with house.database.transaction() as tx:
        document = await house.documents.get(tx, speaker.scope, document_id)
    return view(document, speaker.scope, house.file_links)


@router.delete("/documents/{document_id}", status_code=204, summary="Deletes a document")
async def delete_document(document_id: str, house: House, speaker: Speaker) -> Response:
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
