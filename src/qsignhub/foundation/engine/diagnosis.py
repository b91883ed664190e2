"""PostgreSQL's last words, told so that the person at the terminal knows what to do."""

from __future__ import annotations

import re
from pathlib import Path

from qsignhub.foundation.engine.errors import EngineBusy, EngineFailed

_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: ([^:\s]+):")
_LEFT_BEHIND = (
    re.compile(r"pre-existing shared memory block .* is still in use"),
    re.compile(r'lock file ".*" already exists'),
)
_LOUD = re.compile(r"\b(?:FATAL|PANIC|error)\b:?\s*(.*)")


def missing_library(output: str) -> str | None:
    found = _MISSING_LIBRARY.search(output)
    return f"the shared library {found[1]} is missing on this system; install it" if found else None


def failure(what: str, output: str, folder: Path, log: Path) -> EngineFailed:
    """The error for a program of PostgreSQL's that ended, from what it printed."""
    if any(pattern.search(output) for pattern in _LEFT_BEHIND):
        return EngineBusy(
            f"{what}: an earlier PostgreSQL on {folder} is still there and does not go away. See {log}."
        )
    return EngineFailed(f"{what}: {_reason(output, folder)} See {log}.")


def _reason(output: str, folder: Path) -> str:
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"the disk that holds {folder} is full. Free some space and start again."
    if library := missing_library(output):
        return f"{library}."
    loud = [found[1].strip() for line in output.splitlines() if (found := _LOUD.search(line)) and found[1]]
    if "Permission denied" in output:
        return f"no permission on {folder} or a file in it ({loud[-1] if loud else 'Permission denied'})."
    lines = loud or [line.strip() for line in output.splitlines() if line.strip()]
    return f"{lines[-1]}." if lines else "it ended without a word."
