from __future__ import annotations

import asyncio
import json
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from qsignhub.accounts.model import Principal
from qsignhub.api.context import House, may
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.documents import content_length
from qsignhub.api.v1.schemas import ValidationFields
from qsignhub.foundation.database import Transaction
from qsignhub.validation import TrustAnchor, validate_pdf

router = APIRouter(prefix="/v1", tags=["Validation"], route_class=StrictRoute)

MAX_BYTES = 64 * 1024 * 1024
"""More than of an upload: twenty signatures on the largest document are to be judged as well."""

Validator = Annotated[Principal, Depends(may("validate"))]


@router.post("/validate", summary="Validates a signed document (internal or external)")
async def validate(request: Request, house: House, speaker: Validator, key: IdempotencyKey) -> Response:
    """multipart/form-data with ``file``. A test key also trusts the sandbox's root; a live key does not."""
    anchors = [TrustAnchor(house.authority.root, "sandbox")] if speaker.scope.mode == "test" else []
    received = house.uploads.receive(
        speaker.scope,
        request.stream(),
        request.headers.get("content-type", ""),
        content_length(request),
        limit=MAX_BYTES,
    )
    async with received as upload:
        ValidationFields.model_validate(upload.fields)
        once = Once(request, house, speaker.scope, key, [upload.sha256, upload.filename, upload.fields])
        if (kept := await once.kept()) is not None:
            return kept
        # Reading somebody's file is CPU work on hostile input: it runs in a bounded process of its own.
        verdict = await house.inspector.run(
            _validate_file, upload.path, anchors, house.clock.now(), holder=speaker.scope.account_id
        )

        async def tell(_: Transaction) -> dict[str, Any]:
            return verdict

        return await once.do(tell, HTTPStatus.OK)


def _validate_file(path: Path, anchors: list[TrustAnchor], now: datetime) -> dict[str, Any]:
    """The response body as plain JSON values: what the PDF library made of the file stays here."""
    with path.open("rb") as file:
        report = asyncio.run(validate_pdf(file, anchors=anchors, now=now))
    return dict(json.loads(json.dumps(report.as_contract())))
