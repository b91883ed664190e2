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
