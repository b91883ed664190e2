"""A signature request and its signers as the contract prints them; what does not exist yet is left out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from qsignhub.bootstrap import Services
from qsignhub.foundation.clock import iso
from qsignhub.signature_requests.events import audit_trail_path, signed_document_path
from qsignhub.signature_requests.model import SignatureRequest, Signer


def view(house: Services, request: SignatureRequest) -> dict[str, Any]:
    signing_base = house.settings.signing_base
    shown: dict[str, Any] = {
        "id": request.id,
        "status": request.status,
        "signature_type": request.signature_type,
        "document_id": request.document_id,
        "signing_order": request.signing_order,
        "format": request.format,
        "packaging": request.packaging,
        "signing_url": f"{signing_base}/r/{request.link_token}",
        "signers": [view_of_signer(house, signer) for signer in request.signers],
        "redirect_url": request.redirect_url,
        "fields": [asdict(field) for field in request.fields],
        "summary_mark": request.summary_mark,
        "metadata": dict(request.metadata),
        "expires_at": iso(request.expires_at),
        "created_at": iso(request.created_at),
    }
    if request.status == "completed" and request.completed_at is not None:
        shown["signed_document_url"] = house.file_links.url(request.scope, signed_document_path(request))
        shown["audit_trail_url"] = house.file_links.url(request.scope, audit_trail_path(request.id))
        shown["completed_at"] = iso(request.completed_at)
    if request.cancelled_at is not None:
        shown["cancelled_at"] = iso(request.cancelled_at)
        if request.cancel_reason is not None:
            shown["cancel_reason"] = request.cancel_reason
    return shown


def view_of_signer(house: Services, signer: Signer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": signer.id,
        "name": signer.name,
        "email": signer.email,
        "status": signer.status,
        "order": signer.order,
        "signing_url": f"{house.settings.signing_base}/s/{signer.link_token}",
    }
    if signer.reason is not None:
        shown["reason"] = signer.reason
    if signer.failure_code is not None:
        shown["failure"] = {"code": signer.failure_code, "message": signer.failure_message}
    if signer.signed_at is not None and signer.certificate and signer.timestamp:
        shown["signed_at"] = iso(signer.signed_at)
        shown["certificate"] = asdict(signer.certificate)
        shown["timestamp"] = asdict(signer.timestamp)
    return shown
