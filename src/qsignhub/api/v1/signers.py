from __future__ import annotations

from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from qsignhub.api.body import read_json, read_json_if_any
from qsignhub.api.context import House
from qsignhub.api.once import IdempotencyKey, Once
from qsignhub.api.strict_route import StrictRoute
from qsignhub.api.v1.schemas import ReminderIn, SignerIn
from qsignhub.api.v1.schemas.values import RequestId, SignerId
from qsignhub.api.v1.signature_request_view import view_of_signer
from qsignhub.api.v1.signature_requests import Reader, Writer
from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.identity.model import Identity
from qsignhub.signature_requests.model import MAX_REMINDERS

router = APIRouter(
    prefix="/v1/signature-requests/{request_id}/signers", tags=["Signers"], route_class=StrictRoute
)


@router.post("", status_code=201, summary="Adds a signer to an existing request")
async def add_signer(
    request: Request, request_id: RequestId, house: House, speaker: Writer, key: IdempotencyKey
) -> Response:
    """Only while the request is pending. The new signer is invited by e-mail."""
    body = await read_json(request, SignerIn)

    async def add(tx: Transaction) -> dict[str, Any]:
        signer = await house.ceremonies.add_signer(tx, speaker.scope, request_id, body.as_model())
        return view_of_signer(house, signer)

    return await Once(request, house, speaker.scope, key, body.model_dump(mode="json")).do(add)


@router.get("/{signer_id}/verification", summary="Identity verification status for a signer")
async def get_verification(
    request_id: RequestId, signer_id: SignerId, house: House, speaker: Reader
) -> Response:
    async with house.database.transaction() as tx:
        signer, state, verification = await house.ceremonies.verification(
            tx, speaker.scope, request_id, signer_id
        )
    verified = verification is not None and verification.status == "verified"
    shown: dict[str, Any] = {
        "signer_id": signer.id,
        "verification_status": state,
        "method_used": verification.method if verification else signer.identity_method,
        "verified_at": iso(verification.verified_at) if verification and verified else None,
        "identity": _view_of_identity(verification.identity) if verification else None,
        "liveness_check": verification.liveness_check if verification else None,
    }
    if verification is not None and verification.failure_reason is not None:
        shown["failure_reason"] = verification.failure_reason
    return JSONResponse(shown)


@router.post("/{signer_id}/remind", summary="Sends an email / SMS reminder")
async def remind(
    request: Request,
    request_id: RequestId,
    signer_id: SignerId,
    house: House,
    speaker: Writer,
    key: IdempotencyKey,
) -> Response:
    """Three times for a signer at the most, and no more than once in 24 hours."""
    body = await read_json_if_any(request, ReminderIn)

    async def send(tx: Transaction) -> dict[str, Any]:
        reminder = await house.ceremonies.remind(
            tx, speaker.scope, request_id, signer_id, body.channel, body.message
        )
        return {
            "signer_id": signer_id,
            "channel": reminder.channel,
            "sent_at": iso(reminder.sent_at),
            "reminders_left": MAX_REMINDERS - reminder.number,
        }

    return await Once(request, house, speaker.scope, key, body.model_dump(mode="json")).do(
        send, HTTPStatus.OK
    )


def _view_of_identity(identity: Identity | None) -> dict[str, Any] | None:
    if identity is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(identity).items()
    }
