"""A worker that dies in the middle of a job: ``python -m tests.foundation.job_worker CONNINFO``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.jobs import JobHandler, JobRunner
from qsignhub.foundation.jobs.runner import Payload


async def die(tx: Transaction, payload: Payload) -> None:
    await tx.execute("INSERT INTO notes (text) VALUES ('of the one who died')")
    os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    database = Database(sys.argv[1], connections=2)
    await database.open()
    await JobRunner(database, {"work": JobHandler(die)}).run()


if __name__ == "__main__":
    asyncio.run(main())
