"""Reading over HTTP: one request beside a bare route, and lists of a thousand beside lists of a million."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.conftest import free_port
from tests.support.live import LiveService, running, stop

from bench.load import send
from bench.results import Result
from bench.stored_requests import Stored, store
from qsignhub.cli.database import ready_database
from qsignhub.foundation.cursors import Cursors
from qsignhub.settings import Settings

ROUNDS, REQUESTS, CONNECTIONS = 5, 1500, 8
FEW, MANY = 1_000, 1_000_000
PAGES = 60


def measure() -> list[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="qsignhub-bench-") as folder,
        running(Path(folder) / "data", free_port()) as service,
    ):
        return asyncio.run(_measure(service))


async def _measure(service: LiveService) -> list[Result]:
    settings = Settings(data_dir=service.data_dir)
    async with ready_database(settings) as conninfo:
        found = [await _one_request(service, conninfo)]
        print(f"Storing {MANY:,} requests …", flush=True)
        few = await store(settings, conninfo, service.new_key("few"), "few", FEW)
        many = await store(settings, conninfo, service.new_key("many"), "many", MANY)
    return found + await _lists(service, settings, few, many)


async def _one_request(service: LiveService, conninfo: str) -> Result:
    """In turn, so that a busy machine is busy for both; the median of the rounds' ratios."""
    assert service.client
    created = service.request("a@example.com", "b@example.com")
    ours = f"/v1/signature-requests/{created['id']}"
    peer = f"/signature-requests/{created['id']}"
    ratios = []
    with _bare_route(conninfo) as peer_url:
        for round_ in range(ROUNDS + 1):
            theirs_seconds = await _duration(peer_url, peer, {})
            ours_seconds = await _duration(service.base_url, ours, {"X-API-Key": service.api_key})
            if round_:  # the first is for warming up
                ratios.append(theirs_seconds / ours_seconds)
                print(
                    f"{REQUESTS / ours_seconds:.0f} requests/s, bare route {REQUESTS / theirs_seconds:.0f}",
                    flush=True,
                )
    return Result(
        "requests per second, GET of a signature request with two signers",
        "a bare FastAPI route with one query",
        round(statistics.median(ratios), 3),
        0.6,
        at_least=True,
    )


async def _duration(url: str, target: str, headers: dict[str, str]) -> float:
    begun = time.perf_counter()
    await send(url, [target] * REQUESTS, headers, connections=CONNECTIONS)
    return time.perf_counter() - begun


async def _lists(service: LiveService, settings: Settings, few: Stored, many: Stored) -> list[Result]:
    cursors = Cursors(settings.open_master_key())
    found = []
    for name, query in (("all", {}), ("of one status", {"status": "pending"})):
        medians = {}
        for stored in (few, many, few, many):  # twice in turn; the second time counts
            targets = [_page(cursors, stored, query, depth) for depth in _depths(stored)]
            seconds = await send(service.base_url, targets, {"X-API-Key": stored.api_key}, connections=1)
            medians[stored.count] = statistics.median(seconds)
        print(f"lists {name}: " + ", ".join(f"{s * 1000:.1f} ms of {n:,}" for n, s in medians.items()))
        found.append(
            Result(
                f"a page of a list of {MANY:,} requests, at any depth, {name}",
                f"a list of {FEW:,}",
                round(medians[MANY] / medians[FEW], 3),
                2.0,
            )
        )
    return found


def _depths(stored: Stored) -> list[int]:
    """The first page, the last one, and others anywhere between."""
    last = stored.count - 21
    return [0, last, *(random.Random(7).randrange(last) for _ in range(PAGES - 2))]


def _page(cursors: Cursors, stored: Stored, query: dict[str, str], depth: int) -> str:
    filters = {"status": query.get("status"), "from": None, "to": None}
    cursor = cursors.issue(stored.scope, "signature_requests", filters, stored.position(depth))
    parameters = query | ({"cursor": cursor} if depth else {})
    return f"/v1/signature-requests?{httpx.QueryParams(parameters)}"


@contextmanager
def _bare_route(conninfo: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare_route:app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--no-access-log", "--log-level", "warning"],
        env=os.environ | {"BENCH_CONNINFO": conninfo},
        cwd=Path(__file__).parents[1],
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/signature-requests/none")
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the bare route did not start"
                time.sleep(0.05)
        yield url
    finally:
        stop(process)
