from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from qsignhub.foundation import migrations
from qsignhub.foundation.migrations import MigrationMismatch, migrate, migrations_folder, read_migrations


@pytest.fixture
def empty(template_database: str) -> Iterator[str]:
    """A database that nobody has migrated."""
    server, name = make_conninfo(template_database, dbname="postgres"), f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    yield make_conninfo(template_database, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real migrations, to be added to and spoilt."""
    copied = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), copied)
    monkeypatch.setattr(migrations, "migrations_folder", lambda: copied)
    return copied


def tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        return {str(name) for (name,) in found.fetchall()}


def numbers(conninfo: str) -> list[int]:
    with psycopg.connect(conninfo) as connection:
        return [int(n) for (n,) in connection.execute("SELECT number FROM migrations ORDER BY 1").fetchall()]


async def test_an_empty_database_becomes_whole(empty: str) -> None:
    expected = [migration.number for migration in read_migrations(migrations_folder())]
    assert await migrate(empty) == expected
    assert numbers(empty) == expected
    assert {"signature_requests", "signings", "register", "vault", "pgqueuer"} <= tables(empty)


async def test_a_second_time_nothing_is_left_to_do(empty: str) -> None:
    await migrate(empty)
    before = tables(empty)
    assert await migrate(empty) == []
    assert tables(empty) == before


async def test_several_at_once_do_the_work_once(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(4)))
    assert sorted(applied)[:-1] == [[], [], []]
    assert max(applied) == numbers(empty)


async def test_a_new_migration_is_applied_alone(conninfo: str, folder: Path) -> None:
    (folder / "9001_more.sql").write_text("CREATE TABLE more (id int); INSERT INTO more VALUES (7);")
    assert await migrate(conninfo) == [9001]
    assert "more" in tables(conninfo)
    assert await migrate(conninfo) == []


async def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(conninfo: str, folder: Path) -> None:
    (folder / "9001_half.sql").write_text("CREATE TABLE half (id int);")
    (folder / "9002_bad.sql").write_text("CREATE TABLE never (id int); SELECT no_such_column;")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        await migrate(conninfo)
    assert "never" not in tables(conninfo)
    assert numbers(conninfo)[-1] == 9001
    (folder / "9002_bad.sql").write_text("CREATE TABLE never (id int);")
    assert await migrate(conninfo) == [9002]


async def test_a_migration_changed_afterwards_is_refused(conninfo: str, folder: Path) -> None:
    first = min(folder.glob("*.sql"))
    first.write_text(first.read_text() + "\n-- changed\n")
    (folder / "9001_more.sql").write_text("CREATE TABLE more (id int);")
    with pytest.raises(MigrationMismatch, match=r"Migration 1 was changed"):
        await migrate(conninfo)
    assert "more" not in tables(conninfo)


async def test_the_database_of_a_newer_version_is_refused(conninfo: str, folder: Path) -> None:
    newer = folder / "9001_of_tomorrow.sql"
    newer.write_text("CREATE TABLE tomorrow (id int);")
    await migrate(conninfo)
    newer.unlink()
    with pytest.raises(MigrationMismatch, match=r"9001.*newer version"):
        await migrate(conninfo)


async def test_what_was_completed_before_there_were_levels_over_time_is_looked_at(
    empty: str, folder: Path
) -> None:
    """Also where the format had no seal of its own: then the last signature's timestamp is what counts."""
    later = [path for path in folder.glob("*.sql") if int(path.name[:4]) >= 11]
    kept = {path: path.read_text() for path in later}
    for path in later:
        path.unlink()
    await migrate(empty)
    signing = (
        "INSERT INTO signings (id, request_id, signer_id, step, trust_service, begun_at, finished_at,"
        " timestamp_token) VALUES (%s, %s, %s, %s, 'sandbox', now(), now(), %s)"
    )
    with psycopg.connect(empty, autocommit=True) as connection:
        for table, column in (
            ("signings", "request_id"),
            ("signings", "signer_id"),
            ("revisions", "request_id"),
        ):
            # nothing else of theirs is needed
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_fkey".encode())
        for row in (
            ("pades_signature", "pades", "a", "published", b"token"),
            ("pades_seal", "pades", None, "published", b"token"),
            ("xades_first", "xades", "b", "published", b"token"),
            ("xades_last", "xades", "c", "published", b"token"),
            ("xades_seal", "xades", None, "published", None),
            ("open_signature", "open", "d", "published", b"token"),
        ):
            connection.execute(signing, row)
        for revision in (
            ("pades", 1, "pades_signature"),
            ("pades", 2, "pades_seal"),
            ("xades", 1, "xades_first"),
            ("xades", 2, "xades_last"),
            ("open", 1, "open_signature"),
        ):
            connection.execute("INSERT INTO revisions VALUES (%s, %s, %s, 'key', 'hash', 1, now())", revision)
    for path, content in kept.items():
        path.write_text(content)
    await migrate(empty)
    with psycopg.connect(empty) as connection:
        found = connection.execute(
            "SELECT id, archive_tokens FROM signings WHERE archive_check_at <= now() ORDER BY id"
        ).fetchall()
    assert found == [("pades_seal", [b"token"]), ("xades_last", None)]


def test_an_installation_without_migrations_is_told(tmp_path: Path) -> None:
    with pytest.raises(MigrationMismatch, match="incomplete"):
        read_migrations(tmp_path)


def test_migrations_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_c", "0002_b", "0001_a"):
        (tmp_path / f"{name}.sql").write_text(f"SELECT '{name}'")
    (tmp_path / "README.md").write_text("not one")
    assert [(m.number, m.name) for m in read_migrations(tmp_path)] == [(1, "a"), (2, "b"), (10, "c")]
