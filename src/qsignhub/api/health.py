"""Is the process up, and is everything it leans on there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from qsignhub.api.context import House
from qsignhub.foundation.errors import QSignHubError

router = APIRouter(include_in_schema=False)


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
async def ready(house: House) -> JSONResponse:
    """Asks each adapter; 503 with the reasons while one of them does not answer."""
    sandbox = house.trust.of("test")
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "database": house.database.ping,
        "storage": house.blobs.ping,
        "custody (test)": sandbox.custody.ping,
        "timestamps (test)": sandbox.timestamps.ping,
        "revocation (test)": sandbox.revocation.ping,
    }
    found: dict[str, str] = {}
    for name, ping in parts.items():
        try:
            await ping()
            found[name] = "ok"
        except QSignHubError as exc:
            found[name] = exc.code
    all_there = all(state == "ok" for state in found.values())
    return JSONResponse(
        {"status": "ready" if all_there else "not ready", "parts": found}, 200 if all_there else 503
    )
