from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from qsignhub.api.body import read_json
from qsignhub.api.context import House, Speaker
from qsignhub.api.v1.schemas import SignatureRequestIn
from qsignhub.foundation.clock import iso
from qsignhub.foundation.file_links import FileLinks
from qsignhub.signature_requests.events import signed_document_path
from qsignhub.signature_requests.model import SIGNED_FILE, SignatureRequest, Signer

router = APIRouter(prefix="/v1", tags=["Signature requests"])


@router.post(
    "/signature-requests",
    status_code=201,
    summary="Creates a new signature request",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SignatureRequestIn.model_json_schema()}},
        }
    },
)
async def create_signature_request(request: Request, house: House, speaker: Speaker) -> dict[str, Any]:
    body = await read_json(request, SignatureRequestIn)
    async with house.database.transaction() as tx:
        created = await house.ceremonies.open(tx, speaker.scope, body.as_model())
    return view(created, house.settings.signing_base, house.file_links)


@router.get("/signature-requests/{request_id}", summary="Retrieves the status of a signature request")
async def get_signature_request(request_id: str, house: House, speaker: Speaker) -> dict[str, Any]:
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, speaker.scope, request_id)
    return view(found, house.settings.signing_base, house.file_links)


@router.get(
    "/signature-requests/{request_id}/download",
    summary="Downloads the signed document",
    response_class=StreamingResponse,
)
async def download(request_id: str, house: House, speaker: Speaker) -> StreamingResponse:
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, speaker.scope, request_id)
        revision = await house.signature_requests.signed_document(tx, found)
    name, media_type = SIGNED_FILE[found.format]
    return StreamingResponse(
        house.blobs.stream(revision.blob_key),
        media_type=media_type,
        headers={
            "Content-Length": str(revision.size_bytes),
            "Content-Disposition": f'attachment; filename="{request_id}-{name}"',
        },
    )


def view(request: SignatureRequest, signing_base: str, file_links: FileLinks) -> dict[str, Any]:
    """The request as the contract prints it; what does not exist yet is left out."""
    shown: dict[str, Any] = {
        "id": request.id,
        "status": request.status,
        "signature_type": request.signature_type,
        "document_id": request.document_id,
        "signing_order": request.signing_order,
        "signing_url": f"{signing_base}/r/{request.link_token}",
        "signers": [_view_of_signer(signer, signing_base) for signer in request.signers],
        "redirect_url": request.redirect_url,
        "metadata": dict(request.metadata),
        "expires_at": iso(request.expires_at),
        "created_at": iso(request.created_at),
    }
    if request.status == "completed" and request.completed_at is not None:
        shown["signed_document_url"] = file_links.url(request.scope, signed_document_path(request))
        shown["completed_at"] = iso(request.completed_at)
    return shown


def _view_of_signer(signer: Signer, signing_base: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": signer.id,
        "name": signer.name,
        "email": signer.email,
        "status": signer.status,
        "order": signer.order,
        "signing_url": f"{signing_base}/s/{signer.link_token}",
    }
    if signer.failure_code is not None:
        shown["failure"] = {"code": signer.failure_code, "message": signer.failure_message}
    if signer.signed_at is not None and signer.certificate and signer.timestamp:
        shown["signed_at"] = iso(signer.signed_at)
        shown["certificate"] = asdict(signer.certificate)
        shown["timestamp"] = asdict(signer.timestamp)
    return shown
