from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from qsignhub.bootstrap import Services, open_services
from qsignhub.foundation.database import Database
from qsignhub.settings import Settings
from tests.support.live import LiveService, running
from tests.support.softhsm import SoftToken, missing_programs, soft_token

SHARED = Path(__file__).resolve().parents[2] / "shared"
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What cannot run here is skipped, and says why."""
    reasons = {
        "corpus": None if SHARED.is_dir() else "the shared corpus is not beside this checkout",
        "browser": None if shutil.which("chromium") else "chromium is not installed",
        "office": None if shutil.which("soffice") else "soffice (LibreOffice) is not installed",
        "tools": next(
            (f"{tool} is not installed" for tool in ("pdfsig", "openssl", "curl") if not shutil.which(tool)),
            None,
        ),
        "xmlsec": None if shutil.which("xmlsec1") else "xmlsec1 is not installed",
    }
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL with one migrated database, to be copied for each test."""
    folder = tmp_path_factory.mktemp("engine")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.engine_host", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    conninfo = process.stdout.readline().strip()
    assert conninfo, "the test database did not start"
    yield conninfo
    process.stdin.close()
    process.wait(30)
    process.stdout.close()


@contextmanager
def fresh_database(template_database: str) -> Iterator[str]:
    """An empty, migrated database; gone with everything in it when the block ends."""
    name = f"test_{next(_numbers)}"
    server = make_conninfo(template_database, dbname="postgres")
    template = psycopg.conninfo.conninfo_to_dict(template_database)["dbname"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
    yield make_conninfo(template_database, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def conninfo(template_database: str) -> Iterator[str]:
    """A database of the test's own."""
    with fresh_database(template_database) as conninfo:
        yield conninfo


@pytest.fixture
async def database(conninfo: str) -> AsyncIterator[Database]:
    database = Database(conninfo, connections=6)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def softhsm_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """A token of SoftHSM, which this process and those that it starts see from now on."""
    if (why := missing_programs()) is not None:
        pytest.skip(why)
    token = soft_token(tmp_path_factory.mktemp("softhsm"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in token.environment.items():
            patch.setenv(name, value)
        yield token


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, job_lease_seconds=2)


@pytest.fixture
async def services(settings: Settings, conninfo: str) -> AsyncIterator[Services]:
    async with open_services(settings, conninfo) as services:
        yield services


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The whole service, started once for all tests that go by HTTP."""
    with running(tmp_path_factory.mktemp("live"), free_port(), options=["--workers", "2"]) as service:
        yield service
