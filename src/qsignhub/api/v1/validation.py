from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response

from qsignhub.api.context import House, Speaker
from qsignhub.api.v1.documents import content_length
from qsignhub.validation import TrustAnchor, validate_pdf

router = APIRouter(prefix="/v1", tags=["Validation"])


@router.post("/validate", summary="Validates a signed document (internal or external)")
async def validate(request: Request, house: House, speaker: Speaker) -> Response:
    """multipart/form-data with ``file``. A test key also trusts the sandbox's root; a live key does not."""
    anchors = [TrustAnchor(house.authority.root, "sandbox")] if speaker.scope.mode == "test" else []
    received = house.uploads.receive(
        speaker.scope, request.stream(), request.headers.get("content-type", ""), content_length(request)
    )
    async with received as upload:
        # Reading somebody's file is CPU work on hostile input: it runs in a bounded process of its own.
        verdict = await house.inspector.run(
            _validate_file, upload.path, anchors, house.clock.now(), holder=speaker.scope.account_id
        )
    return Response(verdict, media_type="application/json")


def _validate_file(path: Path, anchors: list[TrustAnchor], now: datetime) -> bytes:
    """The response body: it is encoded here, off the event loop."""
    with path.open("rb") as file:
        report = asyncio.run(validate_pdf(file, anchors=anchors, now=now))
    return json.dumps(report.as_contract(), ensure_ascii=False).encode()
