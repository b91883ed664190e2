"""The service as a process tree: what dies comes back, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port
from tests.support.live import LiveService, running, stop, wait_until_ready
from tests.support.making import SUCCESS


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with running(tmp_path_factory.mktemp("recovery"), free_port()) as service:
        yield service


def children(parent: int) -> dict[int, str]:
    """The processes right below one, with their command lines."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    found = {}
    for child in listed:
        command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ")
        found[int(child)] = command.decode(errors="replace")
    return found


def child(parent: int, mark: str) -> int:
    return next(pid for pid, command in children(parent).items() if mark in command)


def wait_until_gone(pid: int) -> None:
    """A killed supervisor's children end by themselves, a moment later."""
    deadline = time.monotonic() + 60
    while is_running(pid):
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """A process that ended and that nobody has waited for (Z) does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_ready_again(service: LiveService) -> None:
    log = service.data_dir / "service.log"
    wait_until_ready(service.process, service.base_url, log)


@pytest.mark.parametrize("mark", ["postgres", "qsignhub.worker", "qsignhub.asgi"])
def test_a_killed_part_comes_back_and_the_work_is_done(service: LiveService, mark: str) -> None:
    created = service.request(SUCCESS, SUCCESS)
    os.kill(child(service.process.pid, mark), signal.SIGKILL)
    time.sleep(0.2)
    wait_for_ready_again(service)
    deadline = time.monotonic() + 60
    status = ""
    while status != "completed" and time.monotonic() < deadline:
        try:
            answer = service.client.get(f"/v1/signature-requests/{created['id']}")
            status = answer.json().get("status", "")
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    assert status == "completed"
    assert service.validate(service.download(created["id"]))["valid"] is True


def test_a_second_service_on_the_folder_is_refused(service: LiveService) -> None:
    command = [sys.executable, "-m", "qsignhub", "serve", "--port", str(free_port())]
    second = subprocess.run(
        [*command, "--data-dir", str(service.data_dir)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert str(service.data_dir) in second.stderr
    assert "in use" in second.stderr
    assert service.client.get("/ready").status_code == 200


def test_kill_9_of_everything_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port, keep=True) as first:
        created = first.request(SUCCESS, SUCCESS)
        key = first.api_key
        api = child(first.process.pid, "qsignhub.asgi")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        wait_until_gone(api)  # or its last /ready would pass for the second service's
    with running(tmp_path, port) as second:
        client = second.client_of(key)
        deadline = time.monotonic() + 60
        while (found := client.get(f"/v1/signature-requests/{created['id']}").json()).get(
            "status"
        ) != "completed":
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        assert len([s for s in found["signers"] if s["status"] == "signed"]) == 2


def test_a_clean_stop_ends_every_process(tmp_path: Path) -> None:
    with running(tmp_path, free_port()) as service:
        below = children(service.process.pid)
        assert len(below) >= 3
        stop(service.process)
        assert service.process.returncode == 0
        left = [pid for pid in below if Path(f"/proc/{pid}/stat").exists()]
        assert left == []
