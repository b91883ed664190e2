"""A real worker that is killed at a named point of the signing cycle.

``python -m tests.support.crashing_worker DATA_DIR CONNINFO [POINT]``: with a point, the process ends
itself there with SIGKILL; without one it is a worker like any other.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from qsignhub.bootstrap import Overrides
from qsignhub.custody.adapters.software import SoftwareCustody
from qsignhub.settings import Settings
from qsignhub.worker.main import run_worker


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class KeysThatKill(SoftwareCustody):
    """Dies after the key was used and before anybody could record it."""

    async def _use(self, key_id: str, message: bytes) -> bytes:
        await super()._use(key_id, message)
        die()
        raise AssertionError("unreachable")


def main() -> None:
    data_dir, conninfo = Path(sys.argv[1]), sys.argv[2]
    point = sys.argv[3] if len(sys.argv) > 3 else None

    def checkpoint(name: str) -> None:
        if name == point:
            die()

    overrides = Overrides(
        checkpoint=checkpoint,
        custody=KeysThatKill if point == "inside sign" else None,
    )
    settings = Settings(data_dir=data_dir, job_lease_seconds=1)
    asyncio.run(run_worker(settings, conninfo, overrides))


main()
