"""Two API processes on one database, as on two machines, and the means to ask both at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.live import LiveService, running, stop, wait_until_ready


@dataclass
class TwoApis:
    first: LiveService
    second_url: str

    @property
    def urls(self) -> Sequence[str]:
        return self.first.base_url, self.second_url

    async def at_once(self, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
        """Sends all at the same time, in turn to one process and the other (by the requests' paths)."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            return list(await asyncio.gather(*(client.send(request) for request in requests)))


@contextmanager
def two_apis(folder: Path, conninfo: str, ports: tuple[int, int]) -> Iterator[TwoApis]:
    environment = {"QSIGNHUB_DATABASE_URL": conninfo}
    with running(folder, ports[0], environment=environment) as first:
        second_url = f"http://127.0.0.1:{ports[1]}"
        log = folder / "second.log"
        with log.open("wb") as output:
            second = subprocess.Popen(
                [sys.executable, "-m", "qsignhub", "api", "--data-dir", str(folder), "--port", str(ports[1])],
                env=dict(first.environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_until_ready(second, second_url, log)
                yield TwoApis(first, second_url)
            finally:
                stop(second)
