"""The trusted lists of the operator's choice: read at the start, and again as they are replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.ceremonies.errors import TrustedListsUnavailable
from qsignhub.foundation.clock import Clock
from qsignhub.trustlists.errors import TrustedListError
from qsignhub.trustlists.model import TrustedList
from qsignhub.trustlists.qualification import TrustedLists
from qsignhub.trustlists.reader import read_trusted_list

logger = logging.getLogger(__name__)

_EVERY = timedelta(hours=1)
_SOON = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ListSource:
    """``fetch`` gets the bytes; it may fail in any way, and then the list is as if it were not there."""

    place: str
    signers: tuple[bytes, ...]
    fetch: Callable[[], Awaitable[bytes]]


class WatchedLists:
    """A list counts from the moment it was read and verified until its own nextUpdate, and no longer."""

    def __init__(self, sources: Sequence[ListSource], clock: Clock) -> None:
        self._sources = sources
        self._clock = clock
        self._read: dict[str, TrustedList] = {}
        self._lists = TrustedLists(())

    def is_qualified(self, certificate: bytes, chain: Sequence[bytes], at: datetime) -> bool:
        """Qualified for electronic signatures by the lists that are current now.

        Raises TrustedListsUnavailable where a list that could say so is not to be had now.
        """
        if any(self._is_over(one) for one in self._lists.lists):
            self._take()
        found = self._lists.qualified(certificate, chain, at)
        if not found.qualified and len(self._lists.lists) < len(self._sources):
            raise TrustedListsUnavailable(
                "Not every trusted list could be read; what is not listed is unknown."
            )
        return found.qualified and found.for_esig

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
            except (TrustedListError, OSError, ListUnreachable) as failure:
                logger.warning("The trusted list %s is not used: %s", source.place, failure)
                whole = False
            else:
                self._read[source.place] = found
        self._take()
        return whole

    def _take(self) -> None:
        self._lists = TrustedLists([one for one in self._read.values() if not self._is_over(one)])

    def _is_over(self, one: TrustedList) -> bool:
        return one.next_update is not None and one.next_update <= self._clock.now()


class ListUnreachable(Exception):
    """Its server gave no list."""
