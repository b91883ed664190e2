"""The bodies that the API takes, as the contract writes them. Unknown fields are refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, StrictInt

from qsignhub.signature_requests import model

_BIDI_CONTROLS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def _plain_text(text: str) -> str:
    """A name that reads as it is: no control characters, no change of the writing direction."""
    stripped = text.strip()
    if not stripped:
        raise ValueError("must not be empty")
    if _BIDI_CONTROLS.search(stripped) or any(unicodedata.category(c) == "Cc" for c in stripped):
        raise ValueError("must not contain control characters")
    return stripped


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must have a time zone, e.g. 2025-03-01T23:59:59Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _http_url(text: str) -> str:
    AnyHttpUrl(text)
    return text


Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^\s@<>\"(),:;\\\[\]\x00-\x20\x7f]+@[^\s@.]+(\.[^\s@.]+)+$")
]
Name = Annotated[str, Field(max_length=200), AfterValidator(_plain_text)]
Locale = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Url = Annotated[str, Field(max_length=2000), AfterValidator(_http_url)]
Points = Annotated[float, Field(ge=0, le=14400, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UploadFields(_Body):
    """The text fields of an upload's form, beside ``file``."""

    name: Name | None = None
    locale: Locale | None = None


class IdentityVerificationIn(_Body):
    method: Literal["video_id", "eidas_idp", "bank_id", "sms_otp"] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None


class SignerIn(_Body):
    name: Name
    email: Email
    phone: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = None
    identity_verification: IdentityVerificationIn | None = None
    locale: Locale | None = None
    order: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None

    def as_model(self) -> model.NewSigner:
        identity = self.identity_verification or IdentityVerificationIn()
        return model.NewSigner(
            name=self.name,
            email=self.email,
            phone=self.phone,
            locale=self.locale,
            order=self.order,
            identity_method=identity.method,
            identity_country=identity.country,
        )


class FieldIn(_Body):
    signer_index: Annotated[StrictInt, Field(ge=0, lt=model.MAX_SIGNERS)]
    page: Annotated[StrictInt, Field(ge=1, le=100_000)]
    x: Points
    y: Points
    width: Annotated[float, Field(gt=0, le=14400, allow_inf_nan=False)]
    height: Annotated[float, Field(gt=0, le=14400, allow_inf_nan=False)]
    type: Literal["signature"] = "signature"


class SignatureRequestIn(_Body):
    document_id: Annotated[str, Field(max_length=100)]
    signers: Annotated[list[SignerIn], Field(min_length=1, max_length=model.MAX_SIGNERS)]
    signature_type: model.SignatureType = "qes"
    signing_order: model.SigningOrder = "parallel"
    expires_at: Moment | None = None
    redirect_url: Url | None = None
    fields: Annotated[list[FieldIn], Field(max_length=model.MAX_SIGNERS)] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)

    def as_model(self) -> model.NewSignatureRequest:
        return model.NewSignatureRequest(
            document_id=self.document_id,
            signers=tuple(signer.as_model() for signer in self.signers),
            signature_type=self.signature_type,
            signing_order=self.signing_order,
            expires_at=self.expires_at,
            redirect_url=self.redirect_url,
            fields=tuple(model.Field(**field.model_dump()) for field in self.fields),
            metadata=self.metadata,
        )
