"""B-LTA over time: a finished file gets other archive timestamps before the last ones end.

They end with the first of their authorities' certificates, or of their algorithms (signing/archive_life.py).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from qsignhub.ceremonies import archive_journal
from qsignhub.ceremonies.archive_journal import Due, Stamps
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Mode
from qsignhub.signing.archive_life import holds_until
from qsignhub.timestamping.kept import read_kept_token
from qsignhub.timestamping.model import TimestampToken

EXTEND_JOB: Final = "ceremonies.extend"
_LONGEST_REST = timedelta(days=30)
"""An algorithm may be found weaker than was known: every file is looked at within a month."""
_TROUBLE_REST = timedelta(days=1)
_NEWEST_KNOWN = timedelta(days=7)
_AT_ONCE = 100
logger = logging.getLogger(__name__)


def lasts_until(trust: TrustService, tokens: Sequence[TimestampToken]) -> datetime:
    """The first end of several: each covers signatures that the others do not."""
    return min(holds_until(token, trust.anchors) for token in tokens)


def pause_before(end: datetime, now: datetime) -> timedelta:
    """Until an authority that had nothing longer is asked again: a week, oftener as the end comes near."""
    if end <= now:
        return _NEWEST_KNOWN
    return min(max((end - now) / 4, _TROUBLE_REST), _NEWEST_KNOWN)


class NewestStamps:
    """How long the last timestamps of each trust service hold, which tells for many files that asking for
    others would gain nothing. In memory: an authority of ours is renewed when a process starts.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[Mode, str], tuple[datetime, Sequence[TimestampToken]]] = {}

    def saw(self, mode: Mode, trust: TrustService, tokens: Sequence[TimestampToken], now: datetime) -> None:
        self._seen[mode, trust.name] = (now, tokens)

    def end_by(self, mode: Mode, trust: TrustService, end: datetime, now: datetime) -> bool:
        """Whether what it made within the last day ends by then."""
        seen, tokens = self._seen.get((mode, trust.name), (None, ()))
        if seen is None or not seen <= now < seen + _TROUBLE_REST:
            return False
        return lasts_until(trust, tokens) <= end


class ArchiveCare:
    def __init__(self, trust: TrustServices, jobs: Jobs, clock: Clock, margin: timedelta) -> None:
        """``margin``: how long before their end archive timestamps are covered by others."""
        self._trust = trust
        self._jobs = jobs
        self._clock = clock
        self._margin = margin

    def next_look(self, mode: Mode, stamps: Stamps) -> datetime:
        """When their file is looked at, to be extended or to rest again. Raises TrustServiceGone."""
        trust = self._trust.named(mode, stamps.trust_service)
        tokens = [read_kept_token(token) for token in stamps.tokens]
        return min(lasts_until(trust, tokens) - self._margin, self._clock.now() + _LONGEST_REST)

    async def begin_due(self, tx: Transaction) -> bool:
        """Looks at a hundred files at the most whose time has come; whether there may be more."""
        found = await archive_journal.due(tx, self._clock.now(), _AT_ONCE)
        for one in found:
            try:
                async with tx.transaction():
                    await self._look(tx, one)
            except Exception:
                # one file's trouble is not the others': theirs would end meanwhile
                logger.exception(
                    "the archive timestamps of %s cannot be looked after; tried again in a day",
                    one.request_id,
                )
                await archive_journal.look_again(tx, one.signing_id, self._clock.now() + _TROUBLE_REST)
        return len(found) == _AT_ONCE

    async def _look(self, tx: Transaction, found: Due) -> None:
        now = self._clock.now()
        if found.stamps is None:  # its job was held, or is late: one too many finds nothing to do
            await archive_journal.look_again(tx, found.signing_id, now + _TROUBLE_REST)
            await self._take_up(tx, found)
            return
        next_look = self.next_look(found.scope.mode, found.stamps)
        if next_look > now:
            await archive_journal.look_again(tx, found.signing_id, next_look)
            return
        await archive_journal.begin_extension(
            tx, found.request_id, found.stamps, new_id("sig"), now, check_at=now + _TROUBLE_REST
        )
        await self._take_up(tx, found)

    async def _take_up(self, tx: Transaction, found: Due) -> None:
        scope = found.scope
        payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": found.request_id}
        await self._jobs.enqueue(tx, EXTEND_JOB, payload)
