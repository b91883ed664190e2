"""Finished files whose archive timestamps end are found, and their extension is begun as a job."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from qsignhub.ceremonies.extension import ArchiveCare
from qsignhub.foundation.database import Database

logger = logging.getLogger(__name__)
_EVERY = timedelta(hours=1)


async def look(database: Database, care: ArchiveCare) -> None:
    """Once, at all that is due; several processes may do so at once, and share it."""
    more = True
    while more:
        async with database.transaction() as tx:
            more = await care.begin_due(tx)


async def look_after(database: Database, care: ArchiveCare) -> None:
    while True:
        await asyncio.sleep(_EVERY.total_seconds())
        try:
            await look(database, care)
        except Exception:
            # it goes on whatever comes: the database may be away, and the next hour will do
            logger.exception("the sweep of archive timestamps failed")
