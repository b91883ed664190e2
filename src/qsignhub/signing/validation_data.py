"""What a validator needs later and may not find any more: certificates and their status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValidationData:
    """DER objects for long-term validation: certificates, OCSP responses, CRLs."""

    certificates: Sequence[bytes]
    ocsp_responses: Sequence[bytes]
    crls: Sequence[bytes]


def joined(parts: Sequence[ValidationData]) -> ValidationData:
    """All of them, each object once."""
    return ValidationData(
        certificates=list(dict.fromkeys(one for part in parts for one in part.certificates)),
        ocsp_responses=list(dict.fromkeys(one for part in parts for one in part.ocsp_responses)),
        crls=list(dict.fromkeys(one for part in parts for one in part.crls)),
    )
