"""Is the process up, and is everything it leans on there."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from qsignhub.api.context import House
from qsignhub.foundation.readiness import Part, examine

router = APIRouter(include_in_schema=False)

_FRESH = {"Cache-Control": "no-store"}


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
async def ready(house: House) -> JSONResponse:
    """Asks each part; 503 while an essential one does not answer. A browser gets it as a page of ours."""
    found = await examine(house.probes)
    return JSONResponse(
        {
            "status": "ready" if found.ready else "not ready",
            "parts": {part.name: _told(part) for part in found.parts},
        },
        200 if found.ready else 503,
        headers=_FRESH,
    )


def _told(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"status": part.status, "essential": part.essential}
    if part.code is not None:
        told |= {"code": part.code, "reason": part.reason}
    return told
