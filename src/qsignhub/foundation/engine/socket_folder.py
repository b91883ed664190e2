"""Where PostgreSQL's Unix socket lies: a private folder with a path short enough for the kernel."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from qsignhub.foundation.engine.account import Account
from qsignhub.foundation.engine.cluster import Cluster
from qsignhub.foundation.engine.errors import EngineFailed

_PREFIX = "qsignhub-pg-"
_SOCKET = ".s.PGSQL.5432"
_MOST_BYTES = 107
"""sockaddr_un.sun_path without its final NUL, unix(7)."""


def choose(cluster: Cluster, account: Account) -> Path:
    """The cluster's own folder (mode 0700), or a new temporary one if that path does not do for a socket."""
    if _fits(cluster.folder):
        return cluster.folder
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 - mkdtemp below
        if not Path(parent).is_dir() or not os.access(parent, os.W_OK):
            continue
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        account.own(folder)
        if _fits(folder) and account.can_write(folder):
            return folder
        folder.rmdir()
    raise EngineFailed(
        f"The path of {cluster.folder} is too long for a Unix socket, and there is no temporary folder "
        "with a shorter one. Use a shorter --data-dir, or set TMPDIR."
    )


def remove(folder: Path | None, cluster: Cluster) -> None:
    """Removes a socket's folder if it is one that ``choose`` made."""
    if folder is not None and folder != cluster.folder and folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def socket_in(folder: Path) -> Path:
    return folder / _SOCKET


def _fits(folder: Path) -> bool:
    """Short enough, and without what libpq (commas) or the quoted setting cannot carry."""
    return len(os.fsencode(socket_in(folder))) <= _MOST_BYTES and not set(str(folder)) & set(',"\n')
