"""The trusted lists of the operator's choice: read at the start, and again as they are replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.ceremonies.errors import TrustedListsUnavailable
from qsignhub.ceremonies.trust import Standing
from qsignhub.custody.ports import OnceOnly
from qsignhub.foundation.clock import Clock
from qsignhub.trustlists.errors import TrustedListError, TrustedListStale
from qsignhub.trustlists.model import TrustedList
from qsignhub.trustlists.qualification import TrustedLists
from qsignhub.trustlists.reader import read_trusted_list

logger = logging.getLogger(__name__)

_EVERY = timedelta(hours=1)
_SOON = timedelta(seconds=30)
_SEEN = "trusted-list.seen"


@dataclass(frozen=True, slots=True)
class ListSource:
    """``fetch`` gets the bytes; it may fail in any way, and then the list is as if it were not there."""

    place: str
    signers: tuple[bytes, ...]
    fetch: Callable[[], Awaitable[bytes]]


class WatchedLists:
    """A list counts from the moment it was read and verified until its own nextUpdate, and no longer."""

    def __init__(self, sources: Sequence[ListSource], record: OnceOnly, clock: Clock) -> None:
        self._sources = sources
        self._record = record
        self._clock = clock
        self._read: dict[str, TrustedList] = {}
        self._lists = TrustedLists(())

    def standing(self, certificate: bytes, chain: Sequence[bytes], at: datetime) -> Standing:
        """By the lists that are current now.

        Raises TrustedListsUnavailable where a list that could say more is not to be had now.
        """
        if any(self._is_over(one) for one in self._lists.lists):
            self._take()
        found = self._lists.qualified(certificate, chain, at)
        standing = Standing(qualified=found.qualified and found.for_esig, qscd=found.qscd)
        if not standing.makes_qes and len(self._lists.lists) < len(self._sources):
            raise TrustedListsUnavailable(
                "Not every trusted list could be read; what is not listed is unknown."
            )
        return standing

    async def run(self) -> None:
        """Reads all lists again every hour, and sooner what could not be read."""
        while True:  # noqa: ASYNC110  # time is what is waited for
            await asyncio.sleep((_EVERY if await self.refresh() else _SOON).total_seconds())

    async def refresh(self) -> bool:
        """Whether every list could be read. What was read before stays while it is current."""
        whole = True
        for source in self._sources:
            try:
                xml = await source.fetch()
                found = await asyncio.to_thread(read_trusted_list, xml, source.signers, self._clock.now())
                await self._not_older(source.place, found)
            except (TrustedListError, OSError, ListUnreachable) as failure:
                logger.warning("The trusted list %s is not used: %s", source.place, failure)
                whole = False
            else:
                self._read[source.place] = found
        self._take()
        return whole

    async def _not_older(self, place: str, found: TrustedList) -> None:
        """A list that was replaced does not come back: it would undo what its successor says.

        What was seen is on record, over restarts. Raises TrustedListStale.
        """
        name = f"{place}#{found.sequence_number:012d}#{int(found.issued_at.timestamp()):012d}"
        if max(await self._record.names(_SEEN, f"{place}#"), default="") > name:
            raise TrustedListStale(f"the list is number {found.sequence_number}, and a later one was there")
        await self._record.claim(_SEEN, name, b"")

    def _take(self) -> None:
        self._lists = TrustedLists([one for one in self._read.values() if not self._is_over(one)])

    def _is_over(self, one: TrustedList) -> bool:
        return one.next_update is not None and one.next_update <= self._clock.now()


class ListUnreachable(Exception):
    """Its server gave no list."""
