"""The whole service as a process tree: how soon it is ready, and what an upload costs in memory."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.conftest import free_port
from tests.pdfs import big_pdf
from tests.support.live import LiveService, running

from bench.results import Result

READY_NEW_SECONDS = 10.0
READY_AGAIN_SECONDS = 5.0
UPLOAD_BYTES = 50 * 1024 * 1024
RAISE_BYTES = 16 * 1024 * 1024
UPLOADS = 3


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as folder:
        data_dir = Path(folder) / "data"
        port = free_port()
        begun = time.monotonic()
        with running(data_dir, port, keep=True):
            new = time.monotonic() - begun
        begun = time.monotonic()
        with running(data_dir, port) as service:
            again = time.monotonic() - begun
            raised = _raised_by_uploads(service)
    print(f"ready: {new:.1f} s on a new folder, {again:.1f} s on it again; upload: {raised / 2**20:.1f} MB")
    return [
        Result("ready on a new data folder", "10 s", round(new / READY_NEW_SECONDS, 3), 1.0),
        Result("ready on an existing data folder", "5 s", round(again / READY_AGAIN_SECONDS, 3), 1.0),
        Result(
            "resident memory that a 50 MB upload adds to the API process",
            "16 MB",
            round(raised / RAISE_BYTES, 3),
            1.0,
        ),
    ]


def _raised_by_uploads(service: LiveService) -> int:
    """The peak of the API process above its memory before, the worst of a few uploads."""
    service.upload()  # whatever is loaded on first use
    api = _api_process(service.process.pid)
    document = big_pdf(UPLOAD_BYTES)
    worst = 0
    for _ in range(UPLOADS):
        before = _status(api, "VmRSS")
        Path(f"/proc/{api}/clear_refs").write_text("5")  # the peak is counted from here
        service.upload(document)
        worst = max(worst, _status(api, "VmHWM") - before)
    return worst


def _api_process(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for child in children:
        if b"qsignhub.asgi:create" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise LookupError("the API process was not found among the service's children")


def _status(process: int, name: str) -> int:
    """A figure of /proc/PID/status, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
