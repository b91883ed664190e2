"""A real S3 server (SeaweedFS) on loopback, its data in a folder of the test's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "weed"
ACCESS_KEY, SECRET_KEY, BUCKET = "tests", "a-secret-of-the-tests", "documents"
START_SECONDS = 40.0
_PARTS = ("master", "volume", "filer", "s3", "admin")


class S3Server:
    def __init__(self, folder: Path) -> None:
        ports = _free_ports(2 * len(_PARTS))
        self._port_of = dict(zip(_PARTS, ports, strict=False))
        self._all_ports = ports
        self._log = folder / "s3.log"
        data = folder / "data"
        data.mkdir(parents=True)
        listening = [f"-{part}.port={self._port_of[part]}" for part in _PARTS]
        listening += [
            f"-{part}.port.grpc={port}" for part, port in zip(_PARTS, ports[len(_PARTS) :], strict=True)
        ]
        arguments = ["-logtostderr=true", "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *listening]
        arguments += ["-master.telemetry=false", "-webdav=false", "-admin.ui=false"]
        arguments += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [PROGRAM, *arguments, f"-dir={data}", f"-bucket={BUCKET}"],
                env={**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets to have QSignHub use this server."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port_of['s3']}",
            "AWS_ALLOW_HTTP": "true",
        }

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for port in self._all_ports:  # it leaves its sockets in the folder for temporary files
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._has_bucket():
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the S3 server did not start: {self._log.read_text()[-2000:]}")

    def _has_bucket(self) -> bool:
        """It refuses a stranger's look at a bucket that is there (403), and knows no other (404)."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self._port_of['s3']}/{BUCKET}", timeout=2).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 403
        except OSError:
            return False
        return True


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
