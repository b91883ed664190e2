from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from qsignhub.accounts.model import Principal
from qsignhub.api.context import House, may
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.v1.schemas import UploadFields
from qsignhub.documents.model import Document
from qsignhub.documents.upload import receive_upload
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.file_links import FileLinks
from qsignhub.foundation.scope import Scope

router = APIRouter(prefix="/v1", tags=["Documents"])

Writer = Annotated[Principal, Depends(may("documents:write"))]


@router.post("/documents", status_code=201, summary="Uploads a document for signing")
async def upload_document(request: Request, house: House, speaker: Writer, key: IdempotencyKey) -> Response:
    """multipart/form-data with ``file``, and optionally ``name`` and ``locale``; up to 50 MB."""
    upload = await receive_upload(
        request.stream(),
        request.headers.get("content-type", ""),
        content_length(request),
        house.settings.spool_dir,
    )
    async with upload:
        fields = UploadFields.model_validate(upload.fields)
        once = Once(request, house, speaker.scope, key, [upload.sha256, upload.filename, upload.fields])
        if (kept := await once.kept()) is not None:
            return kept
        pages, preview = await house.documents.inspect(upload)

        async def accept(tx: Transaction) -> dict[str, Any]:
            document = await house.documents.accept(
                tx, speaker.scope, upload, pages, preview, name=fields.name, locale=fields.locale
            )
            return view(document, speaker.scope, house.file_links)

        return await once.do(accept)


def view(document: Document, scope: Scope, file_links: FileLinks) -> dict[str, Any]:
    return {
        "id": document.id,
        "name": document.name,
        "mime_type": document.mime_type,
        "size_bytes": document.size_bytes,
        "pages": document.pages,
        "sha256": document.sha256,
        "preview_url": file_links.url(scope, f"/preview/{document.id}/page-1.png"),
        "created_at": iso(document.created_at),
        "expires_at": iso(document.expires_at),
    }


def content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None
