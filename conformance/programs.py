"""Programs that we did not write: run, or said to be missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_PATIENCE_SECONDS = 180


class ProgramMissing(Exception):
    """Carries what to install."""


class ProgramFailed(Exception):
    """Carries what the program said."""


def path_of(program: str) -> str:
    """Raises ProgramMissing."""
    found = shutil.which(program)
    if found is None:
        raise ProgramMissing(f"{program} is not installed: scripts/setup --tests installs it by apt")
    return found


def tried(
    *command: str | Path, folder: Path | None = None, patience: float = _PATIENCE_SECONDS
) -> tuple[bool, str]:
    """Whether it ended well, and all that it said. Raises ProgramMissing."""
    try:
        done = subprocess.run(
            [path_of(str(command[0])), *map(str, command[1:])],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"{command[0]} did not end within {patience:.0f} s"
    return done.returncode == 0, done.stdout.decode(errors="replace")


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Raises ProgramMissing, ProgramFailed."""
    ended_well, said = tried(*command, folder=folder)
    if not ended_well:
        raise ProgramFailed(f"{' '.join(map(str, command))}: {said.strip()[-2000:]}")
    return said


def versions() -> Mapping[str, str]:
    """What each program calls itself; those that are missing are left out."""
    asked = {
        "soffice": ("--version",),
        "qpdf": ("--version",),
        "gs": ("--version",),
        "chromium": ("--version",),
        "pdftocairo": ("-v",),
        "pdfsig": ("-v",),
        "openssl": ("version",),
        "xmlsec1": ("--version",),
        "java": ("-version",),
    }
    found = {}
    for program, question in asked.items():
        if shutil.which(program):
            found[program] = tried(program, *question)[1].strip().splitlines()[0].strip()
    return found
