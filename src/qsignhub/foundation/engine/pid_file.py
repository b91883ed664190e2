"""postmaster.pid: what a running or a crashed postmaster wrote down about itself.

One fact a line: 1 process id, 5 the socket's folder, 8 the state (PostgreSQL's ``pidfile.h``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qsignhub.foundation.engine.cluster import Cluster


@dataclass(frozen=True, slots=True)
class PidFile:
    pid: int | None
    socket_folder: Path | None
    ready: bool


def read_pid_file(cluster: Cluster) -> PidFile:
    """Its facts so far: the postmaster adds lines as it comes up. No file, no facts."""
    try:
        lines = (cluster.folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    lines += [""] * (8 - len(lines))
    return PidFile(
        pid=int(lines[0]) if lines[0].isdigit() else None,
        socket_folder=Path(lines[4]) if lines[4] else None,
        ready=lines[7].strip() == "ready",
    )
