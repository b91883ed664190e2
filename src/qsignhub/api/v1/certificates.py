"""The certificates that were issued for an account's signers: their status, and revoking them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from cryptography import x509
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from qsignhub.api.body import read_json
from qsignhub.api.context import House
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.schemas import RevocationIn
from qsignhub.api.v1.schemas.certificates import SerialNumber
from qsignhub.api.v1.signature_requests import Reader, Writer
from qsignhub.authority.errors import CertificateNotFound
from qsignhub.authority.repository import IssuedCertificate
from qsignhub.authority.serials import colon_separated, read_serial
from qsignhub.authority.service import Authority
from qsignhub.bootstrap import Services
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.scope import Scope

router = APIRouter(prefix="/v1/certificates/{serial}", tags=["Certificates"], route_class=StrictRoute)


@router.get("", summary="The status of a signer's certificate")
async def get_certificate(serial: SerialNumber, house: House, speaker: Reader) -> Response:
    """As its authority tells it to everybody by OCSP."""
    async with house.database.transaction() as tx:
        _, found = await _find(house, tx, speaker.scope, serial)
    return JSONResponse(_view(found))


@router.post("/revoke", summary="Revokes a signer's certificate")
async def revoke_certificate(
    request: Request, serial: SerialNumber, house: House, speaker: Writer, key: IdempotencyKey
) -> Response:
    """For good, and at once. Revoked again it stays as it is, with its first reason.

    Signatures with a timestamp from before stay valid.
    """
    body = await read_json(request, RevocationIn)

    async def revoke(tx: Transaction) -> dict[str, Any]:
        authority, found = await _find(house, tx, speaker.scope, serial)
        return _view(await authority.revoke_serial(tx, int(found.serial, 16), body.reason))

    once = Once(request, house, speaker.scope, key, body.model_dump(mode="json"))
    return await once.do(revoke, HTTPStatus.OK)


async def _find(
    house: Services, tx: Transaction, scope: Scope, serial: str
) -> tuple[Authority, IssuedCertificate]:
    """What is no serial number is the serial number of nothing. Raises CertificateNotFound."""
    number = read_serial(serial)
    for authority in house.authorities.values() if number is not None else ():
        try:
            return authority, await authority.find(tx, scope, number or 0)
        except CertificateNotFound:
            continue
    raise CertificateNotFound("There is no certificate with this serial number.")


def _view(found: IssuedCertificate) -> dict[str, Any]:
    parsed = x509.load_der_x509_certificate(bytes(found.certificate))
    shown: dict[str, Any] = {
        "serial": colon_separated(parsed.serial_number),
        "status": "good" if found.revoked_at is None else "revoked",
        "issued_at": iso(found.issued_at),
        "valid_from": iso(parsed.not_valid_before_utc),
        "valid_to": iso(parsed.not_valid_after_utc),
    }
    if found.revoked_at is not None:
        shown["revoked_at"] = iso(found.revoked_at)
        shown["reason"] = found.revocation_reason
    return shown
