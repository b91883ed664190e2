"""Is the clock right enough to state the time under our name (ETSI EN 319 421, clause 7.7.2)?"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.foundation.clock import Clock
from qsignhub.timestamping.errors import ClockNotTrusted
from qsignhub.timestamping.reference_time import NoReading, Reading, Reference, agreement

logger = logging.getLogger(__name__)

ACCURACY = timedelta(seconds=1)
SILENCE = timedelta(minutes=15)
EVERY = timedelta(seconds=64)
TIMEOUT = timedelta(seconds=2)
_UNTIL_TOLD = timedelta(seconds=5)


def since_boot() -> float:
    """A clock that nobody can set, in seconds; while the machine sleeps it goes on where the system can."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@dataclass(frozen=True, slots=True)
class _Truth:
    """What the wall clock is held against: UTC less the monotonic clock, and when that was learnt."""

    lead: float
    tolerance: float
    learnt_at: float


class ClockWatch:
    """Holds the wall clock against the monotonic clock and, where there are any, against NTP servers.

    Without ``references`` the clock is believed as it stands when the watch begins. A jump of more than
    ``accuracy`` since then, forwards or back, ends that until the clock is put right again or the process
    starts anew.

    With ``references`` (``host[:port]`` each) they alone are believed: before they have agreed for the
    first time nothing is trusted, and nothing once they have not agreed for ``silence``. What they told
    is carried on by the monotonic clock in between, so a jump is noticed at once. Whatever was wrong, the
    first refresh that finds clock and references together again puts an end to it.

    ``run`` in a task asks them in threads: ``every`` so often, for ``timeout`` each, all at once.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        accuracy: timedelta = ACCURACY,
        references: Sequence[str] = (),
        every: timedelta = EVERY,
        silence: timedelta = SILENCE,
        timeout: timedelta = TIMEOUT,
        monotonic: Callable[[], float] = since_boot,
    ) -> None:
        self._clock = clock
        self._accuracy = accuracy.total_seconds()
        self._references = tuple(Reference.at(address) for address in references)
        self._every = every
        self._silence = silence.total_seconds()
        self._timeout = timeout.total_seconds()
        self._monotonic = monotonic
        self._said: str | None = None
        self._truth: _Truth | None = None
        if self._references:
            self._threads = ThreadPoolExecutor(len(self._references), thread_name_prefix="reference-time")
        else:
            started = monotonic()
            self._truth = _Truth(clock.now().timestamp() - started, self._accuracy, started)

    def check(self, now: datetime) -> None:
        """``now`` is what the clock has just said. Raises ClockNotTrusted; from any thread."""
        truth, elapsed = self._truth, self._monotonic()
        if truth is None:
            raise ClockNotTrusted("The time references have not confirmed the clock yet")
        if self._references and elapsed - truth.learnt_at > self._silence:
            raise ClockNotTrusted("The time references have been silent or at odds for too long")
        off = now.timestamp() - (elapsed + truth.lead)
        if not -truth.tolerance <= off <= truth.tolerance:
            against = "the time references" if self._references else "its own course since the start"
            raise ClockNotTrusted(f"The clock is off by {off:+.3f} s against {against}")

    async def run(self) -> None:
        """Refreshes until it is cancelled; returns at once where there is nobody to ask."""
        try:
            while self._references:
                await self.refresh()
                wait = self._every if self._truth else min(self._every, _UNTIL_TOLD)
                await asyncio.sleep(wait.total_seconds())
        finally:
            self.close()

    def close(self) -> None:
        """Lets the threads go; an answer that one still waits for is dropped."""
        if self._references:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def refresh(self) -> None:
        """Asks all references once. What they agree on is the truth from now on; else what was stays.

        Raises nothing for what the references do: the log has each change, and ``check`` judges.
        """
        if not self._references:
            return
        readings, failures = await self._ask_all()
        agreed = agreement(readings, len(self._references), self._accuracy)
        if agreed is None:
            told = "; ".join(failures) or "they differ by more than the accuracy"
            self._say(f"the time references give no time to hold the clock against: {told}")
            return
        self._truth = _Truth(agreed.lead, self._accuracy - agreed.uncertainty, self._monotonic())
        try:
            self.check(self._clock.now())
        except ClockNotTrusted as wrong:
            self._say(wrong.message)
        else:
            self._say(None)

    async def _ask_all(self) -> tuple[list[Reading], list[str]]:
        loop = asyncio.get_running_loop()
        asked = {
            loop.run_in_executor(self._threads, one.read, self._timeout, self._monotonic): one
            for one in self._references
        }
        # a name that does not resolve holds its thread longer than the exchange itself may take
        answered, late = await asyncio.wait(asked, timeout=self._timeout * 2)
        for future in late:
            future.cancel()
        readings, failures = [], [f"{asked[future]} is too slow" for future in late]
        for future in answered:
            try:
                reading = future.result()
            except NoReading as failure:
                failures.append(str(failure))
                continue
            if reading.uncertainty < self._accuracy:
                readings.append(reading)
            else:
                failures.append(f"{asked[future]} is known to {reading.uncertainty:.3f} s only")
        return readings, failures

    def _say(self, trouble: str | None) -> None:
        """To the log, once for each change."""
        if trouble is not None:
            if self._said is None:
                logger.error("timestamping: %s", trouble)
        elif self._said is not None:
            logger.warning("timestamping: the clock agrees with the time references again")
        self._said = trouble
