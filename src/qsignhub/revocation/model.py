"""A certificate's status, and the signed answers that say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum


class State(Enum):
    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Reason(IntEnum):
    """CRLReason (RFC 5280, section 5.3.1); 7 is not used."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """``good``, ``revoked`` since a moment for a reason, or ``unknown``: never issued, or not ours."""

    state: State
    revoked_at: datetime | None = None
    reason: Reason | None = None

    def __post_init__(self) -> None:
        if (self.state is State.REVOKED) != (self.revoked_at is not None):
            raise ValueError("what is revoked has a time of revocation, and nothing else has one")

    @classmethod
    def good(cls) -> CertificateStatus:
        return cls(State.GOOD)

    @classmethod
    def unknown(cls) -> CertificateStatus:
        return cls(State.UNKNOWN)

    @classmethod
    def revoked(cls, at: datetime, reason: Reason | None = None) -> CertificateStatus:
        """Revoked at ``at`` (timezone-aware)."""
        return cls(State.REVOKED, at, reason)

    @property
    def is_good(self) -> bool:
        return self.state is State.GOOD


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """A verified OCSP response about one certificate (RFC 6960). Times are aware, in UTC."""

    der: bytes
    """The OCSPResponse exactly as it came: embed these bytes."""
    status: CertificateStatus
    this_update: datetime
    next_update: datetime | None
    produced_at: datetime
    responder: bytes
    """The certificate that signed it, DER: the issuer's own, or a delegated responder's."""
    certificates: tuple[bytes, ...]
    """The certificates in the response, DER."""
    reaches_back: bool
    """Whether it tells of the certificate even if that had ended by thisUpdate (``reach``)."""


@dataclass(frozen=True, slots=True)
class Crl:
    """A verified certificate revocation list (RFC 5280, section 5), asked about one certificate."""

    der: bytes
    status: CertificateStatus
    """``good`` where the certificate is not on the list."""
    this_update: datetime
    next_update: datetime
    number: int | None
    reaches_back: bool
    """Whether it tells of the certificate even if that had ended by thisUpdate (``reach``)."""
