"""A process that serves with the embedded engine, to be killed: python -m tests.foundation.engine.serving DIR

Prints the engine's conninfo once it is up, then each row's id once its commit is acknowledged.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

import psycopg

from qsignhub.foundation.engine import DataDirLock, EmbeddedEngine


async def serve(data_dir: Path) -> None:
    with DataDirLock(data_dir):
        engine = EmbeddedEngine(data_dir)
        conninfo = await engine.start()
        print(conninfo, flush=True)  # noqa: T201
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS acknowledged (id integer)")
            for number in itertools.count():
                connection.execute("INSERT INTO acknowledged VALUES (%s)", (number,))
                print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(serve(Path(sys.argv[1])))
