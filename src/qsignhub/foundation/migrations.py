"""Numbered plain-SQL migrations, applied at start under an advisory lock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pgqueuer import Queries
from pgqueuer.db import PsycopgDriver

from qsignhub.foundation.errors import Unavailable

_LOCK = 0x5153_4947_4E48  # any constant of our own


class MigrationMismatch(Unavailable):
    """The database was made by other migrations than the ones at hand."""

    code = "MIGRATION_MISMATCH"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_folder() -> Path:
    """``migrations/`` of the checkout, or the copy inside an installed package."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def read_migrations(folder: Path) -> list[Migration]:
    found = []
    for path in sorted(folder.glob("[0-9]*.sql")):
        number, _, name = path.stem.partition("_")
        found.append(Migration(int(number), name, path.read_text()))
    if not found:
        raise MigrationMismatch(f"No migrations in {folder}: the installation is incomplete.")
    return found


async def migrate(conninfo: str) -> list[int]:
    """Brings the database up to date; returns the numbers newly applied.

    Each migration runs in a transaction of its own, together with its entry in ``migrations``.
    Several processes may call this at once: one works, the others wait and find nothing to do.
    """
    migrations = read_migrations(migrations_folder())
    applied = []
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations ("
            "number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        cursor = await connection.execute("SELECT number, checksum FROM migrations")
        present = {int(number): str(checksum) for number, checksum in await cursor.fetchall()}
        if unknown := present.keys() - {migration.number for migration in migrations}:
            raise MigrationMismatch(
                f"The database has migration {max(unknown)}, which this version does not know: "
                "it was used by a newer version of QSignHub."
            )
        for migration in migrations:
            if migration.number in present:
                if present[migration.number] != migration.checksum:
                    raise MigrationMismatch(f"Migration {migration.number} was changed after it was applied.")
                continue
            async with connection.transaction():
                await connection.execute(migration.sql.encode())
                await connection.execute(
                    "INSERT INTO migrations (number, name, checksum) VALUES (%s, %s, %s)",
                    (migration.number, migration.name, migration.checksum),
                )
            applied.append(migration.number)
        await _prepare_queue(connection)
    return applied


async def _prepare_queue(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """The job queue's own tables come and grow with its library."""
    queue = Queries(PsycopgDriver(connection))
    if await queue.schema_is_installed():
        await queue.upgrade()
    else:
        async with connection.transaction():
            await queue.install()
