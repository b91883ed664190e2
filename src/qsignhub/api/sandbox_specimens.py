"""Files of the sandbox to try a validator on. Public: they hold nothing of anybody's."""

from __future__ import annotations

from fastapi import APIRouter, Response

from qsignhub.api.context import House

router = APIRouter(prefix="/sandbox/specimens", include_in_schema=False)


@router.get("/revoked.pdf")
async def revoked(house: House) -> Response:
    """A PDF whose signer's certificate was revoked: ``POST /v1/validate`` finds ``ocsp_status`` revoked."""
    async with house.database.transaction() as tx:
        content = await house.specimens.revoked_pdf(tx)
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
    )
