"""Who a signer is, as far as somebody checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the request says of the person who is to be checked."""

    name: str
    country: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    full_name: str
    document_type: Literal["passport", "national_id", "drivers_license"]
    document_country: str
    date_of_birth: date
    document_expiry: date
    match_score: float


@dataclass(frozen=True, slots=True)
class Verification:
    """``hints`` are for the trust service that goes with this identity provider (sandbox only)."""

    status: Literal["verified", "failed"]
    method: str
    verified_at: datetime
    identity: Identity | None = None
    liveness_check: bool | None = None
    failure_reason: str | None = None
    hints: Mapping[str, bool] = field(default_factory=dict)
