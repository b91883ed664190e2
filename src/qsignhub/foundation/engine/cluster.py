"""Where a data folder's cluster lies, and how it is made.

It lies in ``<data_dir>/postgres``; if root serves and the database's user cannot get there, in
``/var/lib/qsignhub/clusters/<id>/postgres``, with ``<data_dir>/postgres.location`` pointing to it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from qsignhub.foundation.engine.account import Account, account_owning, database_account
from qsignhub.foundation.engine.binaries import Binaries
from qsignhub.foundation.engine.diagnosis import failure
from qsignhub.foundation.engine.errors import EngineFailed
from qsignhub.foundation.engine.installation import STATE, open_to_all
from qsignhub.foundation.engine.process import ServerLog, end, ended, spawn

ADMIN = "qsignhub"
_DRAFT = "postgres.new-"
_DRAFT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """``home`` holds the cluster and its lock; it is the data folder, or stands in for it."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "postgres"

    @property
    def exists(self) -> bool:
        return (self.folder / "PG_VERSION").exists()

    @property
    def name(self) -> str:
        """The mark by which its processes are told from other clusters': the folder's identity."""
        identity = self.folder.stat()
        return f"qsignhub-{identity.st_dev:x}-{identity.st_ino:x}"


def _pointer(data_dir: Path) -> Path:
    return data_dir / "postgres.location"


def existing_cluster(data_dir: Path) -> Cluster | None:
    """The cluster's place if the data folder has one already (it may be without a cluster yet)."""
    here = Cluster(data_dir)
    if here.exists:
        return here
    try:
        return Cluster(Path(_pointer(data_dir).read_text().strip()))
    except FileNotFoundError:
        return None


def locate(data_dir: Path) -> Cluster:
    """The cluster's place, chosen now if the data folder is new."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if found := existing_cluster(data_dir):
            if not found.home.is_dir():
                raise EngineFailed(
                    f"{_pointer(data_dir)} says that the database lies in {found.home}, but it is not there. "
                    "Bring it back from the backup, or remove the pointer to begin with an empty database."
                )
            return found
        account = database_account()
        return Cluster(data_dir) if _suits(data_dir, account) else _elsewhere(data_dir)
    except OSError as exc:
        raise EngineFailed(f"The data folder {data_dir} cannot be used: {exc.strerror}.") from exc


def account_for(cluster: Cluster) -> Account:
    """Who runs the cluster. EngineFailed if that user cannot get to it any more."""
    if not cluster.exists:
        return database_account()
    account = account_owning(cluster.folder)
    if not account.can_write(cluster.folder):
        raise EngineFailed(
            f"The database's user (uid {account.uid}) does not reach {cluster.folder}: one of the folders "
            "above it is closed to others. Open them (chmod o+x), or move the data folder."
        )
    return account


async def create(cluster: Cluster, account: Account, binaries: Binaries, log: ServerLog) -> None:
    """Runs initdb beside the final place, then a rename: whatever interrupts it, no half cluster is left."""
    if cluster.folder.is_dir() and any(cluster.folder.iterdir()):
        raise EngineFailed(f"{cluster.folder} holds something that is no PostgreSQL cluster: move it away.")
    draft = _draft(cluster.home, account)
    argv: list[str | Path] = [binaries.initdb, "-D", draft, "-U", ADMIN, "-E", "UTF8", "--auth=trust"]
    argv += ["--data-checksums", *_locale(binaries)]
    process = spawn(account, argv, log, death_signal=signal.SIGTERM)
    try:
        if await ended(process) != 0:
            raise failure("The database cannot be created", log.since_mark(), cluster.home, log.path)
        draft.rename(cluster.folder)
        _sync(cluster.home)
    finally:
        await end(process, (signal.SIGTERM, 5), (signal.SIGKILL, 5))
        shutil.rmtree(draft, ignore_errors=True)


async def remove_drafts(cluster: Cluster) -> None:
    """Removes what an interrupted initdb left. It may be ending just now, and write until it has ended."""
    deadline = time.monotonic() + _DRAFT_SECONDS
    while drafts := list(cluster.home.glob(f"{_DRAFT}*")):
        for draft in drafts:
            shutil.rmtree(draft, ignore_errors=True)
        if time.monotonic() > deadline:
            return  # harmless: no name is used twice, and the next start tries again
        await asyncio.sleep(0.02)


def check_version(cluster: Cluster, binaries: Binaries) -> None:
    made_by = (cluster.folder / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EngineFailed(
            f"The database in {cluster.folder} was made by PostgreSQL {made_by}; the one here is "
            f"{binaries.version}. Install version {made_by}, or move the data with pg_upgrade or pg_dump."
        )


def remove_cluster(data_dir: Path) -> None:
    """Deletes the database of a data folder, wherever it lies. The engine must not be running."""
    cluster = existing_cluster(data_dir)
    if cluster is None:
        return
    shutil.rmtree(cluster.folder if cluster.home == data_dir else cluster.home)
    _pointer(data_dir).unlink(missing_ok=True)


def _locale(binaries: Binaries) -> list[str]:
    if binaries.major >= 17:  # the built-in provider depends on no library and no locale of the system
        return ["--locale-provider=builtin", "--locale=C.UTF-8"]
    return ["--locale=C"]


def _draft(home: Path, account: Account) -> Path:
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=home))
    account.own(draft)
    return draft


def _suits(data_dir: Path, account: Account) -> bool:
    if account.is_self:
        return True
    probe = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=data_dir))
    try:
        account.own(probe)
        return account.can_write(probe)
    except PermissionError:  # a file system that does not let even root give things away
        return False
    finally:
        probe.rmdir()


def _elsewhere(data_dir: Path) -> Cluster:
    home = open_to_all(STATE, "clusters", secrets.token_hex(8))
    draft = _pointer(data_dir).with_suffix(f".{secrets.token_hex(4)}")
    try:
        draft.write_text(f"{home}\n")
        os.link(draft, _pointer(data_dir))  # fails if another process was first
    except FileExistsError:
        home.rmdir()
    finally:
        draft.unlink(missing_ok=True)
    _sync(data_dir)
    return Cluster(Path(_pointer(data_dir).read_text().strip()))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
