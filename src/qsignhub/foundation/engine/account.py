"""Whom PostgreSQL runs as: initdb and postgres refuse root, so root lends them a user of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qsignhub.foundation.engine.errors import EngineFailed

DATABASE_USER = "qsignhub-db"
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group by number. ``is_self`` when that is who we are already."""

    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        if not self.is_self:
            os.chown(path, self.uid, self.gid)

    def own_tree(self, folder: Path) -> None:
        for parent, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)

    def run(self, argv: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
        """Runs a short command as this account, from the root folder. OSError if it cannot be executed."""
        who: dict[str, Any] = (
            {} if self.is_self else {"user": self.uid, "group": self.gid, "extra_groups": ()}
        )
        return subprocess.run(  # noqa: S603 - the commands are ours
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=environment(),
            **who,
        )

    def can_write(self, folder: Path) -> bool:
        """Whether this account really reaches and writes the folder: asked of the system, as that user."""
        try:
            return self.run(["test", "-w", folder, "-a", "-x", folder]).returncode == 0
        except PermissionError:
            return False


def environment() -> dict[str, str]:
    """What PostgreSQL's programs see: nothing of the caller's PG* variables, HOME, locale or time zone."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": _SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC", **kept}


def database_account() -> Account:
    """The current user; for root ``qsignhub-db``, made where it is missing."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    return _system_user() or _create_system_user()


def account_owning(cluster: Path) -> Account:
    """Who a cluster belongs to: that is who must run it (postgres checks the ownership)."""
    owner = cluster.stat()
    if os.geteuid() == 0:
        if owner.st_uid == 0:  # restored or copied by root
            account = database_account()
            account.own_tree(cluster)
            return account
        return Account(owner.st_uid, owner.st_gid)
    if owner.st_uid != os.geteuid():
        raise EngineFailed(
            f"The database in {cluster} belongs to user {_name(owner.st_uid)}, and this is user "
            f"{_name(os.geteuid())}. Start QSignHub as the user who made the data folder (or as root)."
        )
    return database_account()


def _system_user() -> Account | None:
    try:
        entry = pwd.getpwnam(DATABASE_USER)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create_system_user() -> Account:
    useradd = shutil.which("useradd", path=_SYSTEM_PATH)
    if useradd is None:
        raise EngineFailed(
            f"PostgreSQL does not run as root, and the user {DATABASE_USER} for it cannot be made because "
            f"useradd is missing. Make a system user {DATABASE_USER}, or start QSignHub as an ordinary user."
        )
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    result = subprocess.run(  # noqa: S603 - the command is ours
        [useradd, *options, "--shell", "/usr/sbin/nologin", DATABASE_USER], capture_output=True, check=False
    )
    account = _system_user()  # another process may have been first: what counts is that it is there
    if account is None:
        reason = result.stderr.decode(errors="replace").strip()
        raise EngineFailed(f"The user {DATABASE_USER} for PostgreSQL cannot be made: {reason}")
    return account


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
