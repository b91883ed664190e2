"""The command, and the guide's commands, as they are printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "sandbox-qtsp.md"
PRINTED = "http://127.0.0.1:9001"


def qsignhub(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qsignhub", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@contextmanager
def started(cwd: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "qsignhub", "sandbox-qtsp", "--data-dir", ".qtsp", "--port", str(port)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        for _ in range(400):
            try:
                httpx.get(f"http://127.0.0.1:{port}/root.crt")
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.05)
            else:
                break
        yield process
    finally:
        process.terminate()
        process.wait(15)
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.tools
def test_the_guide_works_as_printed(tmp_path: Path) -> None:
    port = free_port()
    start, configuration, *curls = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert start.startswith("qsignhub sandbox-qtsp --data-dir .qtsp --port 9001 --name ALPHA")
    with started(tmp_path, port) as process:
        words = configuration.replace("9001", str(port)).split()
        done = qsignhub(*words[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        written = (tmp_path / ".qtsp-live" / "trust-services.toml").read_text()
        said = [
            subprocess.run(
                [
                    "bash",
                    "-e",
                    "-c",
                    curl.replace(PRINTED, f"http://127.0.0.1:{port}").replace("curl", "curl -fsS"),
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for curl in curls
        ]
        served = httpx.get(f"http://127.0.0.1:{port}/sandbox/configuration").text
        assert process.stdout is not None
        printed = "".join(iter(process.stdout.readline, "\n"))
    assert json.loads(said[0])["user_id"] == "eva@example.com"
    assert "tsa" in json.loads(said[2])["failures"]
    assert served == written
    assert printed.strip() in written
    found = tomllib.loads(written)
    folder = tmp_path / ".qtsp-live"
    for name in (*found["trust_service"][0]["anchors"], *found["trusted_list"][0]["signers"]):
        assert b"BEGIN CERTIFICATE" in (folder / name).read_bytes()
    assert found["trust_service"][0]["url"] == f"http://127.0.0.1:{port}/csc/v2"
    assert (folder / "trust-services.toml").stat().st_mode & 0o077 == 0


def test_a_folder_of_another_name_is_refused_in_a_line(tmp_path: Path) -> None:
    words = ("sandbox-qtsp", "configuration", "--data-dir", "q", "--out", "o")
    assert qsignhub(*words, cwd=tmp_path).returncode == 0
    done = qsignhub(*words, "--name", "BETA", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ALPHA" in done.stderr
