from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from qsignhub.api.context import House
from qsignhub.api.v1.test_clock import Player
from qsignhub.foundation.clock import iso
from qsignhub.foundation.cursors import DEFAULT_LIMIT, MAX_LENGTH, MAX_LIMIT
from qsignhub.notifications.model import KeptMessage

router = APIRouter(prefix="/v1/sandbox", tags=["Sandbox"])

_LISTING = "messages"


@router.get("/messages", summary="Lists what the sandbox would have sent, the newest first")
async def list_messages(
    house: House,
    speaker: Player,
    request_id: Annotated[str | None, Query(max_length=100)] = None,
    signer_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=MAX_LENGTH)] = None,
) -> dict[str, Any]:
    """For test keys only. Mails and text messages of the test world never leave the machine."""
    filters = {"request_id": request_id, "signer_id": signer_id}
    after = house.cursors.read(speaker.scope, _LISTING, filters, cursor) if cursor else None
    async with house.database.transaction() as tx:
        found = await house.notifications.outbox(
            tx, speaker.scope, request_id=request_id, signer_id=signer_id, after=after, limit=limit + 1
        )
    page = found[:limit]
    more = len(found) > limit
    last = (page[-1].message.created_at, page[-1].message.id) if more else None
    return {
        "data": [_view(kept) for kept in page],
        "next_cursor": house.cursors.issue(speaker.scope, _LISTING, filters, last) if last else None,
    }


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
