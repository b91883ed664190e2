"""The built-in authorities' trust services over HTTP, at the URLs that their certificates carry.

OCSP (RFC 6960 appendix A.1, GET and POST; RFC 5019), CRLs (RFC 5280), CA certificates, and the TSA
(RFC 3161 clause 3.4). Public, as any validator needs them. The sandbox is at /pki, another authority at
/pki/{its name}.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Request, Response

from qsignhub.api.body import BodyTooLarge
from qsignhub.api.context import House
from qsignhub.authority.errors import AuthorityNotFound
from qsignhub.authority.ocsp import MAX_AGE, OcspReply
from qsignhub.authority.service import Authority
from qsignhub.foundation.errors import Malformed

_MAX_REQUEST = 16 * 1024
_CERTIFICATE = "application/pkix-cert"
_CRL = "application/pkix-crl"
_OCSP = "application/ocsp-response"
_TIMESTAMP = "application/timestamp-reply"

services = APIRouter(include_in_schema=False)


def asked_authority(request: Request, house: House) -> Authority:
    """By the name in the path; without one, the sandbox's."""
    name = request.path_params.get("authority")
    if name is None:
        return house.authority
    found = house.authorities.get(name)
    if found is None or found is house.authority:
        raise AuthorityNotFound("There is no authority of this name.")
    return found


Asked = Annotated[Authority, Depends(asked_authority)]


@services.get("/root.crt")
async def root_certificate(authority: Asked) -> Response:
    return Response(authority.root, media_type=_CERTIFICATE)


@services.get("/root.crl")
async def root_crl(authority: Asked) -> Response:
    return Response(await authority.root_crl(), media_type=_CRL)


@services.get("/{ca}.crt")
async def ca_certificate(ca: str, authority: Asked) -> Response:
    issuing, _ = authority.chain_of(ca)
    return Response(issuing, media_type=_CERTIFICATE)


@services.get("/{ca}.crl")
async def ca_crl(ca: str, authority: Asked, house: House) -> Response:
    async with house.database.transaction() as tx:
        crl = await authority.crl(tx, ca)
    return Response(crl, media_type=_CRL)


@services.post("/ocsp")
async def ocsp(request: Request, authority: Asked, house: House) -> Response:
    return Response((await _ocsp(house, authority, await _small_body(request))).answer, media_type=_OCSP)


@services.get("/ocsp/{encoded:path}")
async def ocsp_by_get(encoded: str, authority: Asked, house: House) -> Response:
    try:
        question = base64.b64decode(unquote(encoded), validate=True)
    except ValueError:
        raise Malformed("The path is not the base64 of an OCSP request.") from None
    reply = await _ocsp(house, authority, question)
    return Response(reply.answer, media_type=_OCSP, headers=_caching(reply))


@services.post("/tsa")
async def timestamp(request: Request, authority: Asked) -> Response:
    question = await _small_body(request)
    return Response(authority.timestamp_responder.respond(question), media_type=_TIMESTAMP)


router = APIRouter(prefix="/pki", tags=["Trust services"])
router.include_router(services)
router.include_router(services, prefix="/{authority}")


async def _ocsp(house: House, authority: Authority, question: bytes) -> OcspReply:
    async with house.database.transaction() as tx:
        return await authority.reply_ocsp(tx, question)


def _caching(reply: OcspReply) -> dict[str, str]:
    """RFC 5019 clause 6.2; a cache asks again well before a revocation is old news."""
    if reply.this_update is None or reply.next_update is None:
        return {"Cache-Control": "no-store"}
    return {
        "Cache-Control": f"max-age={MAX_AGE.seconds}, public, no-transform, must-revalidate",
        "Last-Modified": _http_date(reply.this_update),
        "Expires": _http_date(reply.next_update),
        "ETag": f'"{hashlib.sha256(reply.answer).hexdigest()}"',
    }


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_REQUEST:
            raise BodyTooLarge(f"The request body exceeds {_MAX_REQUEST} bytes.")
    return bytes(body)
