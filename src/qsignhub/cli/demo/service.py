"""A service to show things on: started as an operator would, on a folder and port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from qsignhub.foundation.engine import remove_cluster

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class ServiceNotReady(Exception):
    """The service did not come up; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class RunningService:
    base_url: str
    data_dir: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Runs a ``qsignhub`` command beside the service; its standard output."""
        finished = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "qsignhub", *arguments, "--data-dir", str(self.data_dir)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            raise ServiceNotReady(finished.stderr.strip())
        return finished.stdout.strip()


@contextmanager
def running_service(data_dir: Path) -> Iterator[RunningService]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "QSIGNHUB_BASE_URL": base_url,
        "QSIGNHUB_WEBHOOK_ALLOW_PRIVATE": "1",  # our receiver listens on loopback
    }
    environment.pop("QSIGNHUB_DATABASE_URL", None)
    log = data_dir / "service.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "qsignhub", "serve", "--data-dir", str(data_dir), "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(process, base_url, log)
            yield RunningService(base_url, data_dir, environment)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            remove_cluster(data_dir)  # it may lie outside of the folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], base_url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{base_url}/ready", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise ServiceNotReady(f"The service did not become ready within {_START_SECONDS:.0f} s.\n{tail}")
