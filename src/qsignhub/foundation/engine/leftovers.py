"""What an earlier PostgreSQL left: a postmaster that outlived its supervisor, backends without one.

Only to be used under the engine's lock: nobody else may start processes on that cluster meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from qsignhub.foundation.engine.account import Account
from qsignhub.foundation.engine.cluster import Cluster
from qsignhub.foundation.engine.errors import EngineBusy
from qsignhub.foundation.engine.pid_file import read_pid_file

_PROC = Path("/proc")
_Steps = list[tuple[float, signal.Signals]]
_POSTMASTER_THERE: _Steps = [(0, signal.SIGINT), (10, signal.SIGQUIT), (30, signal.SIGKILL)]
_POSTMASTER_GONE: _Steps = [(1, signal.SIGQUIT), (20, signal.SIGKILL)]
_GIVE_UP_AFTER = 60.0


async def wait_until_gone(cluster: Cluster, account: Account) -> None:
    """Waits for processes of the cluster to end, helping them along; then clears a stale pid file.

    A postmaster whose supervisor died is shutting down by itself (its death signal), backends whose
    postmaster died end at their next wait. Asked first for a fast shutdown, then for an immediate
    one, at last killed: PostgreSQL recovers from all three without losing a commit.
    """
    if not _PROC.joinpath("self", "cmdline").exists():
        return  # not Linux: PostgreSQL's own check of the pid file has to do
    began = time.monotonic()
    sent: set[signal.Signals] = set()
    while found := processes_of(cluster, account):
        waited = time.monotonic() - began
        if waited > _GIVE_UP_AFTER:
            raise EngineBusy(
                f"An old PostgreSQL on {cluster.folder} does not end (process {found[0]}): end it by hand."
            )
        recorded = read_pid_file(cluster)
        postmaster = [pid for pid in found if pid == recorded.pid]
        for after, number in _POSTMASTER_THERE if postmaster else _POSTMASTER_GONE:
            if waited >= after and number not in sent:
                sent.add(number)
                # The postmaster ends its children in order: past it, only SIGKILL goes to them.
                for pid in found if number is signal.SIGKILL else postmaster or found:
                    _send(pid, number)
        await asyncio.sleep(0.02)
    # No process of the cluster is left, so whoever has the number in the file now is a stranger.
    (cluster.folder / "postmaster.pid").unlink(missing_ok=True)


def processes_of(cluster: Cluster, account: Account) -> list[int]:
    """Process ids of the cluster's postmaster and backends, known by the cluster's name in their titles."""
    mark = cluster.name.encode()
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if entry.stat().st_uid == account.uid and mark in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # ended while we looked, or not ours to look at
    return found


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
