import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from qsignhub.foundation.engine import DataDirInUse, EmbeddedEngine, EngineFailed, running_conninfo
from qsignhub.foundation.engine.cluster import existing_cluster
from tests.foundation.engine.conftest import needs_root

_CHECKOUT = Path(__file__).parents[3]


async def _rows(conninfo: str) -> list[int]:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        cursor = await connection.execute("SELECT id FROM acknowledged ORDER BY id")
        return [row[0] for row in await cursor.fetchall()]


async def _insert(conninfo: str, number: int) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS acknowledged (id integer)")
        await connection.execute("INSERT INTO acknowledged VALUES (%s)", (number,))


async def _until_back(engine: EmbeddedEngine, old_pid: int) -> None:
    while True:
        try:
            if engine.pid != old_pid:
                await (await psycopg.AsyncConnection.connect(engine.conninfo)).close()
                return
        except psycopg.OperationalError:
            pass
        await asyncio.sleep(0.02)


@contextmanager
def _serving(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A service in a process of its own, with neither HOME nor anything else in its environment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.foundation.engine.serving", str(data_dir)],
        cwd=_CHECKOUT,
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def _kill_after(process: subprocess.Popen[str], rows: int) -> list[int]:
    """Reads until so many rows are acknowledged, kills the service, and returns all acknowledged ids."""
    assert process.stdout
    process.stdout.readline()
    ids = [int(process.stdout.readline()) for _ in range(rows)]
    process.kill()
    return ids + [int(line) for line in process.stdout if line.endswith("\n")]


async def test_a_stop_and_a_new_start_keep_the_data(data_dir: Path) -> None:
    engine = EmbeddedEngine(data_dir)
    conninfo = await engine.start()
    assert running_conninfo(data_dir) == conninfo == engine.conninfo
    await _insert(conninfo, 7)
    await engine.stop()
    assert running_conninfo(data_dir) is None
    with pytest.raises(EngineFailed, match="not running"):
        _ = engine.conninfo

    assert await _rows(await engine.start()) == [7]
    await engine.stop()


async def test_settings_are_durable_and_private(data_dir: Path) -> None:
    engine = EmbeddedEngine(data_dir)
    async with await psycopg.AsyncConnection.connect(await engine.start()) as connection:
        values = {}
        for name in ("fsync", "full_page_writes", "data_checksums", "listen_addresses", "server_encoding"):
            cursor = await connection.execute(f"SHOW {name}")
            values[name] = (await cursor.fetchone() or [None])[0]
        cursor = await connection.execute("SELECT datlocprovider FROM pg_database WHERE datname = 'qsignhub'")
        assert (await cursor.fetchone()) == ("b",)
    found = existing_cluster(data_dir)
    assert found is not None
    assert found.folder.stat().st_mode & 0o777 == 0o700
    await engine.stop()
    assert values == {
        "fsync": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
    }


async def test_a_killed_postmaster_comes_back_with_every_acknowledged_row(existing_dir: Path) -> None:
    engine = EmbeddedEngine(existing_dir)
    conninfo = await engine.start()
    watch = asyncio.create_task(engine.supervise())
    for number in range(3):
        await _insert(conninfo, number)
        pid = engine.pid
        os.kill(pid, signal.SIGKILL)
        await _until_back(engine, pid)
        assert await _rows(conninfo) == list(range(number + 1))
    watch.cancel()
    await engine.stop()


async def test_a_backend_that_outlives_its_postmaster_does_not_prevent_the_restart(
    existing_dir: Path,
) -> None:
    """A busy backend does not notice that its postmaster died, and keeps the shared memory."""
    engine = EmbeddedEngine(existing_dir)
    conninfo = await engine.start()
    watch = asyncio.create_task(engine.supervise())
    busy = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    endless = "DO $$ BEGIN LOOP END LOOP; END $$"
    spinning = asyncio.create_task(busy.execute(endless))
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as other:
        question = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s"
        while (await (await other.execute(question, (endless,))).fetchone()) != (1,):
            await asyncio.sleep(0.01)
    pid = engine.pid
    os.kill(pid, signal.SIGKILL)
    await _until_back(engine, pid)
    with pytest.raises(psycopg.OperationalError):
        await spinning
    await busy.close()
    watch.cancel()
    await engine.stop()


async def test_supervising_ends_quietly_at_a_stop(existing_dir: Path) -> None:
    engine = EmbeddedEngine(existing_dir)
    await engine.start()
    watch = asyncio.create_task(engine.supervise())
    await asyncio.sleep(0)
    await engine.stop()
    await watch


async def test_after_the_service_is_killed_the_next_start_takes_over_and_no_row_is_lost(
    existing_dir: Path,
) -> None:
    for _ in range(3):
        with _serving(existing_dir) as service:
            acknowledged = _kill_after(service, rows=20)
        engine = EmbeddedEngine(existing_dir)
        conninfo = await engine.start()
        rows = await _rows(conninfo)
        assert set(acknowledged) <= set(rows)
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            await connection.execute("DROP TABLE acknowledged")
        await engine.stop()


async def test_when_service_and_postmaster_are_killed_no_row_is_lost(existing_dir: Path) -> None:
    with _serving(existing_dir) as service:
        found = existing_cluster(existing_dir)
        assert service.stdout
        service.stdout.readline()
        acknowledged = [int(service.stdout.readline()) for _ in range(20)]
        found = existing_cluster(existing_dir)
        assert found is not None
        postmaster = int((found.folder / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        service.kill()
    engine = EmbeddedEngine(existing_dir)
    assert set(acknowledged) <= set(await _rows(await engine.start()))
    await engine.stop()


async def test_two_engines_on_two_folders_at_once(data_dir: Path) -> None:
    engines = [EmbeddedEngine(data_dir / name) for name in ("one", "two")]
    for number, engine in enumerate(engines):
        await _insert(await engine.start(), number)
    assert [await _rows(engine.conninfo) for engine in engines] == [[0], [1]]
    for engine in engines:
        await engine.stop()


async def test_a_pid_file_that_names_a_stranger_does_not_prevent_a_start(data_dir: Path) -> None:
    """After a reboot the number in a stale file may be another cluster's postmaster: it is left in peace."""
    other, ours = EmbeddedEngine(data_dir / "other"), EmbeddedEngine(data_dir / "ours")
    await ours.start()
    cluster = existing_cluster(data_dir / "ours")
    assert cluster is not None
    pid_file = cluster.folder / "postmaster.pid"
    stale = pid_file.read_text().split("\n", 1)[1]
    await ours.stop()
    await other.start()
    pid_file.write_text(f"{other.pid}\n{stale}")
    await _insert(await ours.start(), 1)
    await _insert(other.conninfo, 2)
    await ours.stop()
    await other.stop()


async def test_a_second_engine_on_the_same_folder_is_refused_and_harms_nothing(existing_dir: Path) -> None:
    with _serving(existing_dir) as service:
        assert service.stdout
        conninfo = service.stdout.readline().strip()
        assert service.stdout.readline() == "0\n"
        assert running_conninfo(existing_dir) == conninfo
        with pytest.raises(DataDirInUse, match=str(service.pid)):
            await EmbeddedEngine(existing_dir).start()
        await _insert(conninfo, -1)
        assert service.poll() is None


async def test_a_path_too_long_for_a_socket(data_dir: Path) -> None:
    """sun_path has room for 107 bytes, unix(7)."""
    long = data_dir.joinpath(*["a folder with, a long name"] * 6)
    engine = EmbeddedEngine(long)
    conninfo = await engine.start()
    socket_folder = Path(str(psycopg.conninfo.conninfo_to_dict(conninfo)["host"]))
    assert running_conninfo(long) == conninfo
    assert socket_folder.stat().st_mode & 0o777 == 0o700
    await _insert(conninfo, 1)
    await engine.stop()
    assert not socket_folder.exists()
    assert await _rows(await engine.start()) == [1]
    await engine.stop()


async def test_an_interrupted_initdb_leaves_no_half_cluster(data_dir: Path) -> None:
    with _serving(data_dir) as service:
        while not any((draft / "base").exists() for draft in data_dir.glob("postgres.new-*")):
            assert not (data_dir / "postgres").exists()
            await asyncio.sleep(0.005)
        service.kill()
    assert not (data_dir / "postgres").exists()
    engine = EmbeddedEngine(data_dir)
    await _insert(await engine.start(), 1)
    assert not list(data_dir.glob("postgres.new-*"))
    await engine.stop()


async def test_a_cluster_of_another_version_is_told(existing_dir: Path) -> None:
    engine = EmbeddedEngine(existing_dir)
    await engine.start()
    await engine.stop()
    (existing_dir / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EngineFailed, match="made by PostgreSQL 9; the one here is"):
        await engine.start()


async def test_what_is_not_a_cluster_is_not_overwritten(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "letter.txt").write_text("kept")
    with pytest.raises(EngineFailed, match="no PostgreSQL cluster"):
        await EmbeddedEngine(data_dir).start()
    assert (data_dir / "postgres" / "letter.txt").read_text() == "kept"


async def test_a_broken_configuration_is_told_with_the_servers_own_words(existing_dir: Path) -> None:
    engine = EmbeddedEngine(existing_dir)
    await engine.start()
    await engine.stop()
    with (existing_dir / "postgres" / "postgresql.conf").open("a") as file:
        file.write("max_wal_senders = many\n")
    with pytest.raises(EngineFailed, match=r"(?s)did not start.*postgresql\.conf.*postgres\.log"):
        await engine.start()


async def test_a_folder_that_cannot_be_made_is_told(data_dir: Path) -> None:
    (data_dir / "file").write_text("")
    with pytest.raises(EngineFailed, match="cannot be used"):
        await EmbeddedEngine(data_dir / "file").start()


@needs_root
async def test_root_serves_from_a_folder_that_the_database_user_cannot_enter(
    tmp_path: Path, state: Path
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    data_dir = private / "data"
    engine = EmbeddedEngine(data_dir)
    conninfo = await engine.start()
    assert running_conninfo(data_dir) == conninfo
    await _insert(conninfo, 1)
    await engine.stop()
    home = Path((data_dir / "postgres.location").read_text().strip())
    assert home.parent == state / "clusters"

    moved = data_dir.rename(tmp_path / "moved")
    engine = EmbeddedEngine(moved)
    assert await _rows(await engine.start()) == [1]
    await engine.stop()


@needs_root
async def test_a_cluster_that_root_restored_is_given_back_to_the_database_user(data_dir: Path) -> None:
    engine = EmbeddedEngine(data_dir)
    await _insert(await engine.start(), 1)
    await engine.stop()
    for path in [data_dir / "postgres", *(data_dir / "postgres").rglob("*")]:
        os.chown(path, 0, 0)
    assert await _rows(await engine.start()) == [1]
    await engine.stop()
