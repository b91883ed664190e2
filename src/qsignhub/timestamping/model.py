"""A verified timestamp."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """An RFC 3161 TimeStampToken that was checked when it came in.

    ``der`` is the ContentInfo exactly as the authority sent it; embed these bytes, do not encode anew.
    """

    der: bytes
    gen_time: datetime
    """genTime, timezone-aware, UTC, to the microsecond."""
    serial: int
    policy: str
    """The TSA policy, dotted."""
    imprint: bytes
    hash_algorithm: str
    """``sha256``, ``sha384`` or ``sha512``."""
    authority: str
    """Common name of the TSA's certificate (the whole subject where it has none)."""
    certificate: bytes
    """The TSA's certificate, DER."""
    certificates: tuple[bytes, ...]
    """Every certificate in the token, DER, in its order; the TSA's own is among them."""
