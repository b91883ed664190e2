"""The sandbox's trust services over HTTP, at the URLs that its certificates carry.

OCSP (RFC 6960 appendix A.1, GET and POST), CRLs (RFC 5280), CA certificates, and the TSA
(RFC 3161 clause 3.4). Public, as any validator needs them.
"""

from __future__ import annotations

import base64
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response

from qsignhub.api.body import BodyTooLarge
from qsignhub.api.context import House
from qsignhub.foundation.errors import Malformed

router = APIRouter(prefix="/pki", tags=["Trust services"], include_in_schema=False)

_MAX_REQUEST = 16 * 1024
_CERTIFICATE = "application/pkix-cert"
_CRL = "application/pkix-crl"
_OCSP = "application/ocsp-response"
_TIMESTAMP = "application/timestamp-reply"


@router.get("/root.crt")
async def root_certificate(house: House) -> Response:
    return Response(house.authority.root, media_type=_CERTIFICATE)


@router.get("/issuing.crt")
async def issuing_certificate(house: House) -> Response:
    return Response(house.authority.chain[0], media_type=_CERTIFICATE)


@router.get("/root.crl")
async def root_crl(house: House) -> Response:
    return Response(await house.authority.root_crl(), media_type=_CRL)


@router.get("/issuing.crl")
async def issuing_crl(house: House) -> Response:
    async with house.database.transaction() as tx:
        crl = await house.authority.issuing_crl(tx)
    return Response(crl, media_type=_CRL)


@router.post("/ocsp")
async def ocsp(request: Request, house: House) -> Response:
    return await _ocsp(house, await _small_body(request))


@router.get("/ocsp/{encoded:path}")
async def ocsp_by_get(encoded: str, house: House) -> Response:
    try:
        question = base64.b64decode(unquote(encoded), validate=True)
    except ValueError:
        raise Malformed("The path is not the base64 of an OCSP request.") from None
    return await _ocsp(house, question)


@router.post("/tsa")
async def timestamp(request: Request, house: House) -> Response:
    question = await _small_body(request)
    return Response(house.authority.timestamp_responder.respond(question), media_type=_TIMESTAMP)


async def _ocsp(house: House, question: bytes) -> Response:
    async with house.database.transaction() as tx:
        answer = await house.authority.answer_ocsp(tx, question)
    return Response(answer, media_type=_OCSP)


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_REQUEST:
            raise BodyTooLarge(f"The request body exceeds {_MAX_REQUEST} bytes.")
    return bytes(body)
