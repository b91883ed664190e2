"""Holds a PostgreSQL for the tests: ``python -m tests.support.engine_host FOLDER`` prints its conninfo."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from qsignhub.foundation.engine import EmbeddedEngine, remove_cluster
from qsignhub.foundation.migrations import migrate


async def main() -> None:
    folder = Path(sys.argv[1])
    engine = EmbeddedEngine(folder)
    conninfo = await engine.start()
    await migrate(conninfo)
    print(conninfo, flush=True)  # noqa: T201
    try:
        await asyncio.to_thread(sys.stdin.read)  # ends when the tests do
    finally:
        await engine.stop()
        remove_cluster(folder)


asyncio.run(main())
