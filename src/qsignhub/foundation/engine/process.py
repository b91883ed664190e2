"""Programs of PostgreSQL's as direct children that do not outlive us, and what they print."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from qsignhub.foundation.engine.account import Account, environment

_LAUNCHER = Path(__file__).with_name("launcher.py")
_KEEP_LOG_BYTES = 10 * 1024 * 1024


class ServerLog:
    """``postgres.log``: written by PostgreSQL, moved aside at a start when over 10 MiB."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mark = 0

    def rotate(self) -> None:
        if self.path.exists() and self.path.stat().st_size > _KEEP_LOG_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))

    def mark(self) -> None:
        self._mark = self.path.stat().st_size if self.path.exists() else 0

    def since_mark(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self._mark)
            return file.read(64 * 1024).decode(errors="replace")


def spawn(
    account: Account, argv: Sequence[str | Path], log: ServerLog, *, death_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Starts a program as the account; the kernel sends it ``death_signal`` when we die (Linux).

    To be called from the thread that lives as long as the service (the event loop's): the kernel
    watches the thread. In a session of its own, so that a terminal's Ctrl-C reaches only us.
    """
    log.mark()
    descriptor = os.open(log.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the commands are ours
            [
                *(sys.executable, "-I", "-S", _LAUNCHER),
                *(str(number) for number in (account.uid, account.gid, int(death_signal), os.getpid())),
                *argv,
            ],
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Waits without a thread (which could not be cancelled) for the exit status."""
    while (status := process.poll()) is None:  # noqa: ASYNC110 - a process cannot set an event
        await asyncio.sleep(0.05)
    return status


async def end(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Ends a process: each signal is given its seconds before the next one is sent."""
    for number, patience in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            async with asyncio.timeout(patience):
                await ended(process)
        except TimeoutError:
            continue
