from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from qsignhub.api.v1.schemas.documents import Hazard
from qsignhub.api.v1.schemas.signers import FieldIn, Signer, SignerIn
from qsignhub.api.v1.schemas.values import (
    Absent,
    DocumentId,
    Given,
    Instant,
    Link,
    Metadata,
    Moment,
    RequestId,
    Taken,
    Url,
    Words,
)
from qsignhub.signature_requests import model
from qsignhub.signature_requests.states import RequestStatus


class SignatureRequestIn(Taken):
    document_id: Annotated[DocumentId, Field(description="From POST /v1/documents.")]
    signers: Annotated[list[SignerIn], Field(min_length=1, max_length=model.MAX_SIGNERS)]
    signature_type: model.SignatureType = "qes"
    signing_order: model.SigningOrder = "parallel"
    expires_at: Annotated[Moment | None, Field(description="ISO 8601; else 30 days from now.")] = None
    redirect_url: Annotated[Url | None, Field(description="Where signers go afterwards.")] = None
    fields: Annotated[list[FieldIn], Field(max_length=model.MAX_SIGNERS)] = Field(default_factory=list)
    summary_mark: Annotated[
        bool,
        Field(
            strict=True,
            description="pades only: who has no field gets a small mark in the bottom margin of the last "
            "page. Else their signatures are not seen on a page.",
        ),
    ] = False
    format: Annotated[
        model.SignatureFormat | None,
        Field(description="Else pades for PDF, xades for XML, cades for all others."),
    ] = None
    packaging: Annotated[
        model.Packaging | None,
        Field(
            description="How document and signature come together: enveloped for pades; enveloped, "
            "enveloping, detached or asic_e for xades; attached, detached or asic_e for cades. Else "
            "enveloped for pades and xades; attached for cades with one signer, asic_e with several."
        ),
    ] = None
    metadata: Annotated[Metadata, Field(description="Yours, up to 16 KiB; comes back in webhooks.")] = Field(
        default_factory=dict
    )

    def as_model(self) -> model.NewSignatureRequest:
        return model.NewSignatureRequest(
            document_id=self.document_id,
            signers=tuple(signer.as_model() for signer in self.signers),
            signature_type=self.signature_type,
            signing_order=self.signing_order,
            format=self.format,
            packaging=self.packaging,
            expires_at=self.expires_at,
            redirect_url=self.redirect_url,
            fields=tuple(model.Field(**field.model_dump()) for field in self.fields),
            summary_mark=self.summary_mark,
            metadata=self.metadata,
        )


class Cancellation(Taken):
    reason: Annotated[Words | None, Field(max_length=1000, description="Signers read it.")] = None


class SignatureRequest(Given):
    id: RequestId
    status: RequestStatus
    signature_type: model.SignatureType
    document_id: DocumentId | Absent = None
    signing_order: model.SigningOrder | Absent = None
    format: model.SignatureFormat | Absent = None
    packaging: model.Packaging | Absent = None
    signing_url: Annotated[Link | Absent, Field(description="The hosted signing page.")] = None
    embed_token: Annotated[str | Absent, Field(description="For the page in a frame of yours.")] = None
    signers: list[Signer]
    redirect_url: str | None = None
    fields: list[FieldIn] | Absent = None
    summary_mark: bool | Absent = None
    metadata: dict[str, Any] | Absent = None
    signed_document_url: Annotated[Link | Absent, Field(description="Once completed; short-lived.")] = None
    audit_trail_url: Annotated[Link | Absent, Field(description="Once completed; short-lived.")] = None
    expires_at: Instant | Absent = None
    created_at: Instant | Absent = None
    completed_at: Instant | Absent = None
    cancelled_at: Instant | Absent = None
    cancel_reason: str | Absent = None


class PlannedSigner(Given):
    name: str
    email: str
    identity_method: model.IdentityMethod | None
    level_requested: model.SignatureType
    level_expected: Annotated[
        model.SignatureType, Field(description="What a validator would find, as things are now.")
    ]
    reason: Annotated[str | None, Field(description="Why it is not the level asked for.")]
    invited_at_once: bool


class SignatureRequestPlan(Given):
    """What would come of the request. Nothing of it was stored, nobody was told."""

    dry_run: Literal[True]
    document_id: DocumentId
    format: model.SignatureFormat
    packaging: model.Packaging
    summary_mark: bool
    expires_at: Instant
    signers: list[PlannedSigner]
    hazards: list[Hazard]


class SignatureRequestList(Given):
    data: list[SignatureRequest]
    next_cursor: Annotated[str | None, Field(description="null on the last page.")]
