"""What would come of a request, told beforehand: which level each signer would reach, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qsignhub.documents.model import Document, Hazard
from qsignhub.foundation.scope import Mode
from qsignhub.signature_requests.model import (
    IdentityMethod,
    Packaging,
    SignatureFormat,
    SignatureRequest,
    SignatureType,
)

_NOT_LISTED: Mapping[Mode, str] = {
    "test": "The sandbox's certificates are on no trusted list: what it signs has no legal value.",
    "live": "No trusted list names the configured trust service for qualified certificates.",
}


@dataclass(frozen=True, slots=True)
class PlannedSigner:
    """``level_expected`` is what a validator would find with the trust service as it is now; ``reason``
    says why it is not the one asked for.
    """

    name: str
    email: str
    identity_method: IdentityMethod | None
    level_requested: SignatureType
    level_expected: SignatureType
    reason: str | None
    invited_at_once: bool


@dataclass(frozen=True, slots=True)
class Plan:
    document_id: str
    format: SignatureFormat
    packaging: Packaging
    summary_mark: bool
    expires_at: datetime
    signers: tuple[PlannedSigner, ...]
    hazards: tuple[Hazard, ...]
    """What about the document deserves a look before people are asked to sign it."""


def plan_of(request: SignatureRequest, document: Document, *, listed: Sequence[bool]) -> Plan:
    """``listed``: for each signer, whether the trusted lists make the certificate that the trust service
    would sign with a qualified one (ETSI TS 119 615); ``qes`` is expected only then.
    """
    requested = request.signature_type
    return Plan(
        document_id=document.id,
        format=request.format,
        packaging=request.packaging,
        summary_mark=request.summary_mark,
        expires_at=request.expires_at,
        signers=tuple(
            PlannedSigner(
                name=signer.name,
                email=signer.email,
                identity_method=signer.identity_method,
                level_requested=requested,
                level_expected="aes" if requested == "qes" and not is_listed else requested,
                reason=_NOT_LISTED[request.scope.mode] if requested == "qes" and not is_listed else None,
                invited_at_once=request.is_turn_of(signer),
            )
            for signer, is_listed in zip(request.signers, listed, strict=True)
        ),
        hazards=document.hazards,
    )
