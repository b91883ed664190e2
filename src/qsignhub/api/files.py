"""Previews, signed documents and audit trails under short-lived signed URLs: no API key is looked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from qsignhub.api.context import House
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.errors import SignatureRequestNotFound
from qsignhub.signature_requests.model import SIGNED_FILE

router = APIRouter(include_in_schema=False)  # links in answers: no operations of the API

_PRIVATE = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


async def owner_of_link(
    request: Request,
    house: House,
    owner: Annotated[str, Query(max_length=100)],
    expires: Annotated[int, Query(ge=0, lt=2**53)],
    signature: Annotated[str, Query(max_length=64)],
) -> Scope:
    return house.file_links.scope_behind(request.url.path, owner, expires, signature)


Owner = Annotated[Scope, Depends(owner_of_link)]


@router.get("/preview/{document_id}/page-1.png", response_class=StreamingResponse)
async def preview(document_id: str, house: House, owner: Owner) -> StreamingResponse:
    async with house.database.transaction() as tx:
        document = await house.documents.get(tx, owner, document_id)
    return StreamingResponse(house.documents.preview(document), media_type="image/png", headers=_PRIVATE)


@router.get("/audit/{request_id}.pdf", response_class=Response)
async def audit_trail(request_id: str, house: House, owner: Owner) -> Response:
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, owner, request_id)
        dossier = await house.dossiers.gather(tx, found)
    pdf = await house.dossiers.audit_trail(dossier)
    return Response(pdf, media_type="application/pdf", headers=_PRIVATE)


@router.get("/docs/{request_id}/signed.{suffix}", response_class=StreamingResponse)
async def signed_document(request_id: str, suffix: str, house: House, owner: Owner) -> StreamingResponse:
    """``signed.pdf`` and its like, by the request's format and packaging."""
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, owner, request_id)
        name, media_type = SIGNED_FILE[found.format, found.packaging]
        if name != f"signed.{suffix}":
            raise SignatureRequestNotFound(f"The signed document of this request is {name}.")
        revision = await house.signature_requests.signed_document(tx, found)
    return StreamingResponse(
        house.blobs.stream(revision.blob_key),
        media_type=media_type,
        headers=_PRIVATE | {"Content-Length": str(revision.size_bytes)},
    )
