"""The key that embed tokens are checked against. Public, as any integrator needs it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from qsignhub.api.context import House

router = APIRouter(include_in_schema=False)

# The key stays: an hour is so that a new one, some day, is known soon enough.
_PUBLIC = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@router.get("/.well-known/jwks.json")
async def jwks(house: House) -> JSONResponse:
    return JSONResponse(house.embed_tokens.jwks(), media_type="application/jwk-set+json", headers=_PUBLIC)
