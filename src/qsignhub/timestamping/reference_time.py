"""What outside clocks say (NTP, RFC 5905), and what several of them agree on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import ntplib  # type: ignore[import-untyped]

NTP_PORT = 123
_UNSYNCHRONISED = 3
_STRATA = range(1, 16)  # 0 is a kiss of death, 16 says unsynchronised
_SERVER_MODE = 4
_ROUNDING = 0.001


class NoReading(Exception):
    """A reference did not answer, or not with a time that can be used; the text says which."""


@dataclass(frozen=True, slots=True)
class Reading:
    """UTC as one reference tells it, tied to the monotonic clock: the wall clock has no part in it."""

    lead: float
    """Seconds since 1970 in UTC, less the monotonic clock's seconds at the same moment."""
    uncertainty: float
    """In seconds, to either side: half the way there and back, and the reference's own."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An NTP server. ``address`` is ``host``, ``host:port`` or ``[IPv6]:port``."""

    host: str
    port: int

    @classmethod
    def at(cls, address: str) -> Reference:
        """Raises ValueError."""
        parts = urlsplit(f"//{address}")
        if not parts.hostname or parts.netloc != address or "@" in address:
            raise ValueError(f"not a host, or host:port, of an NTP server: {address!r}")
        return cls(parts.hostname, parts.port or NTP_PORT)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def read(self, timeout: float, monotonic: Callable[[], float]) -> Reading:
        """Asks once; blocks for ``timeout`` seconds and the time that the host's name takes to resolve.

        Raises NoReading; also for an answer to another question than this one, which somebody may have
        made up: it must carry the time at which we asked.
        """
        asked_at, asked = time.time(), monotonic()
        try:
            told = ntplib.NTPClient().request(self.host, version=4, port=self.port, timeout=timeout)
        except (ntplib.NTPException, OSError) as wrong:
            raise NoReading(f"{self} does not answer: {wrong}") from wrong
        answered, answered_at = monotonic(), time.time()
        if told.mode != _SERVER_MODE or not _between(asked_at, told.orig_time, answered_at):
            raise NoReading(f"{self} answered something else than was asked")
        if told.leap == _UNSYNCHRONISED or told.stratum not in _STRATA:
            raise NoReading(f"{self} says that it is not synchronised")
        underway = max(0.0, answered - asked - max(0.0, told.tx_time - told.recv_time))
        return Reading(
            lead=told.tx_time + underway / 2 - answered,
            uncertainty=(underway + told.root_delay) / 2 + told.root_dispersion,
        )


def agreement(readings: Sequence[Reading], asked: int, within: float) -> Reading | None:
    """The time that the references agree on; None where they do not.

    At least half of the ``asked`` ones answered, and more than half of those lie ``within`` so many
    seconds of their median: one that is wrong is outvoted by two, and of two none is believed.
    """
    if not readings or len(readings) * 2 < asked:
        return None
    middle = statistics.median(reading.lead for reading in readings)
    agreeing = [reading for reading in readings if abs(reading.lead - middle) <= within]
    if len(agreeing) * 2 <= len(readings):
        return None
    return Reading(
        statistics.median(reading.lead for reading in agreeing),
        max(reading.uncertainty for reading in agreeing),
    )


def _between(first: float, moment: float, last: float) -> bool:
    return first - _ROUNDING <= moment <= last + _ROUNDING
