from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from qsignhub.api.v1.schemas.values import (
    Absent,
    Country,
    Day,
    Email,
    Given,
    Instant,
    Link,
    Locale,
    Name,
    Phone,
    Points,
    SignerId,
    Taken,
    WholeNumber,
    Words,
)
from qsignhub.signature_requests import model

IdentityMethod = model.IdentityMethod
Channel = model.ReminderChannel


class IdentityVerificationIn(Taken):
    method: IdentityMethod | None = None
    country: Annotated[Country | None, Field(description="ISO 3166-1 alpha-2.")] = None
    document_number: Annotated[
        str | None,
        Field(max_length=64, description="Test mode: what the mocked check is shown, e.g. AZE123456."),
    ] = None


class SignerIn(Taken):
    name: Annotated[Name, Field(description="The signer's full name.")]
    email: Email
    phone: Annotated[Phone | None, Field(description="E.164; sms_otp needs it.")] = None
    identity_verification: IdentityVerificationIn | None = None
    locale: Annotated[Locale | None, Field(description="BCP 47, e.g. en-GB.")] = None
    reason: Annotated[
        Name | None, Field(description="Why they sign: shown in the signature, and signed with it.")
    ] = None
    order: Annotated[
        StrictInt | None,
        Field(ge=1, le=1000, description="With sequential: the lower signs first."),
        WholeNumber,
    ] = None

    def as_model(self) -> model.NewSigner:
        identity = self.identity_verification or IdentityVerificationIn()
        return model.NewSigner(
            name=self.name,
            email=self.email,
            phone=self.phone,
            locale=self.locale,
            order=self.order,
            reason=self.reason,
            identity_method=identity.method,
            identity_country=identity.country,
            test_document=identity.document_number,
        )


class FieldIn(Taken):
    """Where a signature is shown: in PDF points, from the lower left corner of the page."""

    signer_index: Annotated[
        StrictInt,
        Field(ge=0, lt=model.MAX_SIGNERS, description="Place in signers, from 0."),
        WholeNumber,
    ]
    page: Annotated[StrictInt, Field(ge=1, le=100_000, description="From 1."), WholeNumber]
    x: Points
    y: Points
    width: Annotated[float, Field(gt=0, le=14400, allow_inf_nan=False)]
    height: Annotated[float, Field(gt=0, le=14400, allow_inf_nan=False)]
    type: Literal["signature"] = "signature"


class ReminderIn(Taken):
    channel: Channel = "email"
    message: Annotated[Words | None, Field(max_length=1000, description="Your own words, beside ours.")] = (
        None
    )


class ReminderSent(Given):
    signer_id: SignerId
    channel: Channel
    sent_at: Instant
    reminders_left: Annotated[int, Field(ge=0, le=2)]


class SignerFailure(Given):
    code: Annotated[str, Field(description="As in the list of error codes, e.g. CERTIFICATE_REVOKED.")]
    message: str | None


class SigningCertificate(Given):
    issuer: str
    serial: Annotated[str, Field(description="Hexadecimal, in pairs: 3A:F2:…")]
    valid_from: Day
    valid_to: Day
    qualified: bool
    tsp: Annotated[str, Field(description="The trust service provider.")]


class SignatureTimestamp(Given):
    value: Annotated[Instant, Field(description="The token's genTime (RFC 3161).")]
    authority: str
    hash: Annotated[str, Field(description="The imprint: sha256: and 64 hexadecimal digits.")]


class Signer(Given):
    id: SignerId
    name: str
    email: str | Absent = None
    status: Literal[
        "pending_verification",
        "verification_failed",
        "verified",
        "pending_signature",
        "signing",
        "signed",
        "failed",
    ]
    order: int | Absent = None
    reason: Annotated[str | Absent, Field(description="Why they are asked to sign.")] = None
    signing_url: Annotated[Link | Absent, Field(description="The signer's page; a secret of theirs.")] = None
    failure: SignerFailure | Absent = None
    signed_at: Instant | Absent = None
    certificate: SigningCertificate | Absent = None
    timestamp: SignatureTimestamp | Absent = None


class VerifiedIdentity(Given):
    full_name: Annotated[str, Field(description="From the identity document.")]
    document_type: Literal["passport", "national_id", "drivers_license"]
    document_country: Country
    date_of_birth: Day
    document_expiry: Day
    match_score: Annotated[float, Field(ge=0, le=1, description="Face against document.")]


class SignerVerification(Given):
    signer_id: SignerId
    verification_status: Literal["pending", "in_progress", "verified", "failed"]
    method_used: IdentityMethod | None = None
    verified_at: Instant | None = None
    identity: VerifiedIdentity | None = None
    liveness_check: bool | None = None
    failure_reason: str | Absent = None
