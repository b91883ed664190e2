from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from qsignhub.api.context import House
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.paging import DEFAULT_LIMIT, Cursor, Limit, Listing
from qsignhub.api.v1.schemas.values import REQUEST_ID, SIGNER_ID
from qsignhub.api.v1.test_clock import Player
from qsignhub.foundation.clock import iso
from qsignhub.notifications.model import KeptMessage

router = APIRouter(prefix="/v1/sandbox", tags=["Sandbox"], route_class=StrictRoute)


@router.get("/messages", summary="Lists what the sandbox would have sent, the newest first")
async def list_messages(
    house: House,
    speaker: Player,
    request_id: Annotated[str | None, Query(pattern=REQUEST_ID)] = None,
    signer_id: Annotated[str | None, Query(pattern=SIGNER_ID)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """For test keys only. Mails and text messages of the test world never leave the machine."""
    filters = {"request_id": request_id, "signer_id": signer_id}
    listing = Listing(house.cursors, speaker.scope, "messages", filters)
    after = listing.after(cursor)
    async with house.database.transaction() as tx:
        found = await house.notifications.outbox(
            tx, speaker.scope, request_id=request_id, signer_id=signer_id, after=after, limit=limit + 1
        )
    return listing.page(found, limit, lambda kept: (kept.message.created_at, kept.message.id), _view)


def _view(kept: KeptMessage) -> dict[str, Any]:
    """``subject`` and ``html`` are a mail's; a text message has neither."""
    message, content = kept.message, kept.content
    shown: dict[str, Any] = {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "to": message.to,
        "subject": content.subject,
        "text": content.text,
    }
    if content.html is not None:
        shown["html"] = content.html
    return shown | {
        "request_id": message.request_id,
        "signer_id": message.signer_id,
        "created_at": iso(message.created_at),
    }
