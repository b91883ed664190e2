"""Whether a service that has failed is to be asked again yet: it rests, longer each time, and comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from qsignhub.foundation.clock import Clock

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)


class Availability:
    """The record of one service, kept by whoever asks it: tell it how each attempt went.

    The first ``tolerated`` failures in a row have no consequence; each further one lets the service rest,
    ``first_rest`` at first, then twice as long as before, ``longest_rest`` at the most. After a rest it is
    due by itself; one success and all is forgotten. Not persisted: each process finds out for itself.
    """

    def __init__(
        self,
        clock: Clock,
        first_rest: timedelta = FIRST_REST,
        longest_rest: timedelta = LONGEST_REST,
        *,
        tolerated: int = 0,
    ) -> None:
        self._clock = clock
        self._first_rest = first_rest
        self._longest_rest = longest_rest
        self._tolerated = tolerated
        self._failures = 0
        self._rest = timedelta(0)
        self._rested_from: datetime | None = None

    def is_due(self) -> bool:
        return self.rests_until is None

    @property
    def rests_until(self) -> datetime | None:
        """When it is due again; None if it is due now."""
        begun, now = self._rested_from, self._clock.now()
        # before its beginning: the clock was put back, and the rest must not last until it catches up
        if begun is None or not begun <= now < begun + self._rest:
            return None
        return begun + self._rest

    def worked(self) -> None:
        self._failures = 0
        self._rest = timedelta(0)
        self._rested_from = None

    def failed(self) -> None:
        """One more failure. What fails while it rests was begun before: that makes no rest longer."""
        if not self.is_due():
            return
        self._failures += 1
        if self._failures > self._tolerated:
            self._rest = min(self._rest * 2 or self._first_rest, self._longest_rest)
            self._rested_from = self._clock.now()
