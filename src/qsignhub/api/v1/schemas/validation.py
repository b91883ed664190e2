from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qsignhub.api.v1.schemas.documents import File
from qsignhub.api.v1.schemas.values import Absent, Given, Instant, Taken
from qsignhub.validation.report import Indication, OcspStatus, SignatureLevel, TrustedList


class FileToValidate(Taken):
    """multipart/form-data."""

    file: Annotated[File, Field(description="The signed document.")]


class ValidationFields(Taken):
    """The text fields of the form beside ``file``: there are none."""


class Signature(Given):
    signer_name: str | None
    signed_at: Annotated[Instant | None, Field(description="As a timestamp proves it, else as claimed.")]
    signature_level: SignatureLevel
    certificate_valid: bool
    certificate_issuer: str | None
    trusted_list: TrustedList
    document_integrity: bool
    timestamp_valid: bool
    ocsp_status: OcspStatus
    indication: Annotated[Indication | Absent, Field(description="EN 319 102-1, clause 5.1.2.")] = None
    sub_indication: str | None = None
    format: str | None = None
    field: str | None = None
    reasons: list[str] = Field(default_factory=list)


class DocumentTimestamp(Given):
    field: str
    timestamped_at: Instant | None
    authority: str | None
    intact: bool
    trusted: bool
    covers_whole_file: bool
    indication: Indication
    sub_indication: str | None
    reasons: list[str]


class ValidationReport(Given):
    valid: Annotated[bool, Field(description="There are signatures, and each of them passes.")]
    signatures: list[Signature]
    document_timestamps: list[DocumentTimestamp] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)
