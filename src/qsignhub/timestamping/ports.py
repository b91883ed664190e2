"""What the rest of the house asks of a timestamp authority."""

from __future__ import annotations

from typing import Protocol

from qsignhub.timestamping.model import TimestampToken


class TimestampAuthority(Protocol):
    """A time-stamping authority (RFC 3161), wherever it runs."""

    @property
    def name(self) -> str:
        """What people read: the authority's name."""
        ...

    async def timestamp(self, imprint: bytes, hash_algorithm: str = "sha256") -> TimestampToken:
        """A fresh, verified timestamp over a digest.

        ``imprint`` is the digest itself (32, 48 or 64 octets). Nothing is returned that was not
        checked: nonce, imprint, EKU, signature, time. Raises TimestampUnavailable (retry later),
        TimestampRejected, TimestampRefused.
        """
        ...

    async def ping(self) -> None:
        """Returns when the authority can be reached; raises TimestampUnavailable."""
        ...
