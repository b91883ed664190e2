import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qsignhub.foundation.engine import EmbeddedEngine, cluster


def _folder_open_to_all() -> Path:
    """Where the database's user may go; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="qsignhub-test-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stands in for /var/lib/qsignhub as the place of clusters, so that tests leave none behind."""
    folder = _folder_open_to_all()
    monkeypatch.setattr(cluster, "STATE", folder / "state")
    yield folder / "state"
    shutil.rmtree(folder)


@pytest.fixture
def existing_dir(_template: Path, data_dir: Path) -> Path:
    """A data folder with a cluster, stopped in order."""
    shutil.copytree(_template / "postgres", data_dir / "postgres")
    return data_dir


@pytest.fixture(scope="session")
def _template() -> Iterator[Path]:
    folder = _folder_open_to_all()

    async def make() -> None:
        engine = EmbeddedEngine(folder)
        await engine.start()
        await engine.stop()

    asyncio.run(make())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    folder = _folder_open_to_all()
    (folder / "data").mkdir()
    (folder / "data").chmod(0o755)
    yield folder / "data"
    while folder.exists():  # a postmaster whose service was killed may still be shutting down in there
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root serves with another user's database")
