"""The process tree of ``qsignhub serve``: children that are started again when they die, and that
never outlive their parent.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import sys
from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 10.0
_STEADY_SECONDS = 30.0
_PATIENCE_SECONDS = 15.0


class Child:
    """One supervised process."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def supervise(self) -> None:
        """Starts the process, and again whenever it ends, until cancelled; then stops it in order."""
        delay = _FIRST_DELAY
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=dict(self._environment),
                    preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                )
                code = await self._process.wait()
                lasted = loop.time() - started
                delay = _FIRST_DELAY if lasted > _STEADY_SECONDS else min(delay * 2, _LONGEST_DELAY)
                logger.warning("%s ended with %s, starting it again in %.1f s", self.name, code, delay)
                await asyncio.sleep(delay)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
