"""What validation found, and its form in the contract (POST /v1/validate).

The contract's fields keep their names and meaning; ours stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from qsignhub.foundation.clock import iso_milliseconds

Indication = Literal["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"]
SignatureLevel = Literal["QES", "AES", "SES"]
TrustedList = Literal["EU_TRUSTED", "SANDBOX", "OPERATOR_TRUSTED", "NOT_TRUSTED"]
OcspStatus = Literal["good", "revoked", "unknown"]


@dataclass(frozen=True)
class SignatureReport:
    """One signature: the verdict of EN 319 102-1 clause 5.1.2 with what led to it.

    ``signed_at`` is the best-signature-time where a timestamp proves one, else the signer's claim.
    ``reasons`` are plain sentences, empty where there is nothing to say.
    """

    field: str
    signer_name: str | None
    signed_at: datetime | None
    signature_level: SignatureLevel
    certificate_valid: bool
    certificate_issuer: str | None
    trusted_list: TrustedList
    document_integrity: bool
    timestamp_valid: bool
    ocsp_status: OcspStatus
    indication: Indication
    sub_indication: str | None
    format: str
    reasons: tuple[str, ...]

    def as_contract(self) -> dict[str, Any]:
        return {
            "signer_name": self.signer_name,
            "signed_at": iso_milliseconds(self.signed_at) if self.signed_at else None,
            "signature_level": self.signature_level,
            "certificate_valid": self.certificate_valid,
            "certificate_issuer": self.certificate_issuer,
            "trusted_list": self.trusted_list,
            "document_integrity": self.document_integrity,
            "timestamp_valid": self.timestamp_valid,
            "ocsp_status": self.ocsp_status,
            "indication": self.indication,
            "sub_indication": self.sub_indication,
            "format": self.format,
            "field": self.field,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class DocumentTimestampReport:
    """One document timestamp (EN 319 142-1 clause 5.4.3); ``covers_whole_file`` is about its byte range."""

    field: str
    timestamped_at: datetime | None
    authority: str | None
    intact: bool
    trusted: bool
    covers_whole_file: bool
    indication: Indication
    sub_indication: str | None
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.intact and self.trusted and self.indication == "TOTAL-PASSED"

    def as_contract(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "timestamped_at": iso_milliseconds(self.timestamped_at) if self.timestamped_at else None,
            "authority": self.authority,
            "intact": self.intact,
            "trusted": self.trusted,
            "covers_whole_file": self.covers_whole_file,
            "indication": self.indication,
            "sub_indication": self.sub_indication,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class ValidationReport:
    """``valid`` holds only if there is a signature, and all signatures and document timestamps pass."""

    valid: bool
    signatures: tuple[SignatureReport, ...]
    document_timestamps: tuple[DocumentTimestampReport, ...]
    reasons: tuple[str, ...]

    def as_contract(self) -> dict[str, Any]:
        """The response body of POST /v1/validate."""
        return {
            "valid": self.valid,
            "signatures": [signature.as_contract() for signature in self.signatures],
            "document_timestamps": [stamp.as_contract() for stamp in self.document_timestamps],
            "reasons": list(self.reasons),
        }
