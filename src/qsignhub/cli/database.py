"""Which database a command works on: a server, a running engine, or one started for the occasion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qsignhub.foundation.engine import DataDirInUse, DataDirLock, EmbeddedEngine, running_conninfo
from qsignhub.foundation.migrations import migrate
from qsignhub.settings import Settings

_PATIENCE_SECONDS = 20.0


@asynccontextmanager
async def ready_database(settings: Settings) -> AsyncIterator[str]:
    """A migrated database's conninfo. Beside a running service its engine is used; else one is
    started for as long as the block lasts.
    """
    if settings.database_url is not None:
        await migrate(settings.database_url)
        yield settings.database_url
        return
    data_dir = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    conninfo = await _of_running_service(data_dir)
    if conninfo is not None:
        await migrate(conninfo)
        yield conninfo
        return
    with DataDirLock(data_dir):
        engine = EmbeddedEngine(data_dir)
        conninfo = await engine.start()
        try:
            await migrate(conninfo)
            yield conninfo
        finally:
            await engine.stop()


async def _of_running_service(data_dir: Path) -> str | None:
    """Waits a little for a service that is just starting; None if no service has the folder."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_SECONDS
    while True:
        conninfo = running_conninfo(data_dir)
        if conninfo is not None:
            return conninfo
        try:
            with DataDirLock(data_dir):
                return None
        except DataDirInUse:
            if loop.time() > deadline:
                raise
        await asyncio.sleep(0.1)
