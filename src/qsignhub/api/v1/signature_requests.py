from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from qsignhub.accounts.model import Principal
from qsignhub.api.body import read_json, read_json_if_any
from qsignhub.api.context import House, may, services_of
from qsignhub.api.lean_route import LeanRoute
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.paging import DEFAULT_LIMIT, Cursor, Limit, Listing
from qsignhub.api.v1.schemas import Cancellation, SignatureRequestIn
from qsignhub.api.v1.schemas.values import Moment, RequestId
from qsignhub.api.v1.signature_request_plan import view_of_plan
from qsignhub.api.v1.signature_request_view import view
from qsignhub.foundation.database import Transaction
from qsignhub.signature_requests.model import SIGNED_FILE, Filters
from qsignhub.signature_requests.states import RequestStatus

router = APIRouter(prefix="/v1", tags=["Signature requests"], route_class=StrictRoute)
often = APIRouter(prefix="/v1", tags=["Signature requests"], route_class=LeanRoute)
"""What is asked for more often than all the rest."""

Reader = Annotated[Principal, Depends(may("signature_requests:read"))]
Writer = Annotated[Principal, Depends(may("signature_requests:write"))]


@often.get("/signature-requests/{request_id}", summary="Retrieves the status of a signature request")
async def get_signature_request(request: Request, request_id: RequestId) -> Response:
    house, speaker = services_of(request), await may("signature_requests:read")(request)
    found = await house.signature_requests.look_up(speaker.scope, request_id)
    return JSONResponse(view(house, found))


@router.post("/signature-requests", status_code=201, summary="Creates a new signature request")
async def create_signature_request(
    request: Request,
    house: House,
    speaker: Writer,
    key: IdempotencyKey,
    dry_run: Annotated[bool, Query(description="Only tells what would happen; stores nothing.")] = False,
) -> Response:
    """With ``dry_run=true`` the answer is 200 and says which level each signer would reach, and what about
    the document deserves a look; nothing is stored and nobody is told.
    """
    body = await read_json(request, SignatureRequestIn)
    once = Once(request, house, speaker.scope, key, body.model_dump(mode="json"))

    async def plan(tx: Transaction) -> dict[str, Any]:
        return view_of_plan(await house.ceremonies.plan(tx, speaker.scope, body.as_model()))

    async def create(tx: Transaction) -> dict[str, Any]:
        created = await house.ceremonies.open(tx, speaker.scope, body.as_model())
        token = await house.embed_tokens.issue(created.id, created.scope.mode, created.expires_at)
        return view(house, created) | {"embed_token": token}

    return await (once.do(plan, HTTPStatus.OK) if dry_run else once.do(create))


@router.get("/signature-requests", summary="Lists requests with filtering and cursor pagination")
async def list_signature_requests(
    house: House,
    speaker: Reader,
    status: RequestStatus | None = None,
    created_from: Annotated[
        Moment | None, Query(alias="from", description="Created at this moment or later.")
    ] = None,
    created_to: Annotated[Moment | None, Query(alias="to", description="Created before this moment.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The newest first. ``next_cursor`` leads to the next page and is null on the last one."""
    filters = Filters(status, created_from, created_to)
    told: dict[str, str | None] = {
        "status": status,
        "from": created_from.isoformat() if created_from else None,
        "to": created_to.isoformat() if created_to else None,
    }
    listing = Listing(house.cursors, speaker.scope, "signature_requests", told)
    after = listing.after(cursor)
    async with house.database.transaction() as tx:
        found = await house.signature_requests.page(tx, speaker.scope, filters, after, limit + 1)
    return listing.page(found, limit, lambda each: (each.created_at, each.id), lambda each: view(house, each))


@router.delete("/signature-requests/{request_id}", summary="Cancels a signature request")
async def cancel_signature_request(
    request: Request, request_id: RequestId, house: House, speaker: Writer
) -> Response:
    """Irreversible, and only while the request is pending or in progress. Invited signers are told."""
    body = await read_json_if_any(request, Cancellation)
    async with house.database.transaction() as tx:
        cancelled = await house.ceremonies.cancel(tx, speaker.scope, request_id, body.reason)
    return JSONResponse(view(house, cancelled))


@router.get(
    "/signature-requests/{request_id}/download",
    summary="Downloads the signed document",
    response_class=StreamingResponse,
)
async def download(
    request_id: RequestId,
    house: House,
    speaker: Reader,
    include: Annotated[Literal["audit_trail"] | None, Query()] = None,
) -> StreamingResponse:
    """``include=audit_trail`` makes it a ZIP: the document, its history, identity pictures, certificates."""
    if include is not None:
        return await _download_archive(request_id, house, speaker)
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, speaker.scope, request_id)
        revision = await house.signature_requests.signed_document(tx, found)
    name, media_type = SIGNED_FILE[found.format, found.packaging]
    return StreamingResponse(
        house.blobs.stream(revision.blob_key),
        media_type=media_type,
        headers={
            "Content-Length": str(revision.size_bytes),
            "Content-Disposition": f'attachment; filename="{request_id}-{name}"',
        },
    )


async def _download_archive(request_id: RequestId, house: House, speaker: Principal) -> StreamingResponse:
    async with house.database.transaction() as tx:
        found = await house.signature_requests.get(tx, speaker.scope, request_id)
        dossier = await house.dossiers.gather(tx, found)
    return StreamingResponse(
        await house.dossiers.archive(dossier),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{request_id}-audit-trail.zip"'},
    )
