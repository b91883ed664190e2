"""The embedded PostgreSQL: started, watched, brought back when it dies, stopped in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from qsignhub.foundation.engine import cluster as clusters
from qsignhub.foundation.engine import leftovers, socket_folder
from qsignhub.foundation.engine.account import Account
from qsignhub.foundation.engine.binaries import Binaries, find_binaries
from qsignhub.foundation.engine.cluster import ADMIN, Cluster
from qsignhub.foundation.engine.diagnosis import failure
from qsignhub.foundation.engine.errors import EngineBusy, EngineFailed
from qsignhub.foundation.engine.installation import reachable_binaries
from qsignhub.foundation.engine.lock import DataDirLock
from qsignhub.foundation.engine.pid_file import read_pid_file
from qsignhub.foundation.engine.process import ServerLog, end, ended, spawn

_DATABASE = "qsignhub"
_RETRY_SECONDS = 60.0
_RECOVERY_SECONDS = 600.0
_FAST, _IMMEDIATE, _KILL = signal.SIGINT, signal.SIGQUIT, signal.SIGKILL

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # no DETAIL: it quotes people's data
    "jit": "off",
}

_log = logging.getLogger(__name__)


class EmbeddedEngine:
    """PostgreSQL on a data folder, as a child of this process.

    It holds a lock of its own beside the cluster, so that two engines never work on one, whoever
    starts them. If this process is killed, the kernel has PostgreSQL shut down (``process.spawn``).
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._log = ServerLog(self._data_dir / "postgres.log")
        self._lock: DataDirLock | None = None
        self._cluster: Cluster | None = None
        self._socket_folder: Path | None = None
        self._argv: list[str | Path] = []
        self._account: Account | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    @property
    def conninfo(self) -> str:
        if self._socket_folder is None:
            raise EngineFailed("The embedded database is not running.")
        return _conninfo(self._socket_folder)

    @property
    def pid(self) -> int:
        """The postmaster's process id; another one after each restart."""
        if self._process is None:
            raise EngineFailed("The embedded database is not running.")
        return self._process.pid

    async def start(self) -> str:
        """Makes the cluster if the folder is new, starts it and waits until it answers.

        Returns the conninfo. DataDirInUse if another engine is on it, EngineFailed with the reason else.
        """
        self._stopping = False
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self.conninfo

    async def supervise(self) -> None:
        """Runs until cancelled; whenever the postmaster ends by itself, it is started again.

        The conninfo stays the same. EngineFailed if it cannot be brought back within a minute.
        """
        while not self._stopping and self._process is not None:
            status = await ended(self._process)
            if self._stopping:
                return
            _log.error("PostgreSQL ended unexpectedly (status %s); starting it again", status)
            await self._launch(retry=EngineFailed)
            _log.warning("PostgreSQL is back (process %s)", self.pid)

    async def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything is flushed, nothing to recover."""
        self._stopping = True
        if self._process is not None:
            await end(self._process, (_FAST, 30), (_IMMEDIATE, 10), (_KILL, 10))
            self._process = None
        if self._cluster is not None:
            socket_folder.remove(self._socket_folder, self._cluster)
        self._socket_folder = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _start(self) -> None:
        found = await asyncio.to_thread(find_binaries)
        cluster = await asyncio.to_thread(clusters.locate, self._data_dir)
        lock = DataDirLock(cluster.home, name="postgres.lock")
        lock.acquire()
        self._lock, self._cluster = lock, cluster
        try:
            account = await asyncio.to_thread(clusters.account_for, cluster)
            binaries = await asyncio.to_thread(reachable_binaries, found, account)
            self._log.rotate()
            await clusters.remove_drafts(cluster)
            if not cluster.exists:
                await clusters.create(cluster, account, binaries, self._log)
            clusters.check_version(cluster, binaries)
            socket_folder.remove(read_pid_file(cluster).socket_folder, cluster)
            self._account = account
            self._socket_folder = await asyncio.to_thread(socket_folder.choose, cluster, account)
            self._argv = _command(binaries, cluster, self._socket_folder)
        except OSError as exc:
            where = exc.filename or cluster.home
            raise EngineFailed(f"The database in {where} cannot be started: {exc.strerror}.") from exc
        await self._launch(retry=EngineBusy)
        await self._ensure_database()

    async def _launch(self, *, retry: type[EngineFailed]) -> None:
        """Starts the postmaster and waits until it answers, again and again for what ``retry`` names."""
        deadline = time.monotonic() + _RETRY_SECONDS
        pause = 0.05
        while True:
            try:
                await self._try_launch()
            except retry:
                if time.monotonic() > deadline:
                    raise
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2)

    async def _try_launch(self) -> None:
        if self._cluster is None or self._account is None:
            raise EngineFailed("The embedded database was not started.")
        await leftovers.wait_until_gone(self._cluster, self._account)
        process = spawn(self._account, self._argv, self._log, death_signal=_FAST)
        self._process = process
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while process.poll() is None:
            state = read_pid_file(self._cluster)
            if state.pid == process.pid and state.ready:
                return
            if time.monotonic() > deadline:
                await end(process, (_IMMEDIATE, 10), (_KILL, 10))
                raise EngineFailed(f"PostgreSQL did not become ready. See {self._log.path}.")
            await asyncio.sleep(0.02)
        output = self._log.since_mark()
        raise failure("PostgreSQL did not start", output, self._cluster.folder, self._log.path)

    async def _ensure_database(self) -> None:
        conninfo = make_conninfo(self.conninfo, dbname="postgres")
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            cursor = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,))
            if await cursor.fetchone() is None:
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))


def running_conninfo(data_dir: Path) -> str | None:
    """The conninfo of an engine that another process runs on that folder, or None if none answers there."""
    cluster = clusters.existing_cluster(data_dir.resolve())
    if cluster is None:
        return None
    try:
        recorded = read_pid_file(cluster)
    except PermissionError:
        return None
    folder = recorded.socket_folder
    if folder is None or recorded.pid is None or not _alive(recorded.pid):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(socket_folder.socket_in(folder)))
        except OSError:
            return None
    return _conninfo(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _conninfo(folder: Path) -> str:
    return make_conninfo(host=str(folder), port=5432, user=ADMIN, dbname=_DATABASE)


def _command(binaries: Binaries, cluster: Cluster, folder: Path) -> list[str | Path]:
    settings = {
        **_SETTINGS,
        "unix_socket_directories": f'"{folder}"',
        "cluster_name": cluster.name,
    }
    argv: list[str | Path] = [binaries.postgres, "-D", cluster.folder, "-p", "5432"]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return argv
