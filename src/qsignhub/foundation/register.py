"""Write-once records and sealed secrets that outlive a rolled-back transaction.

Both commit by themselves: whoever claims a name keeps it, whatever becomes of the work around it. Where the
connection dies over a claim, the claim counts, and whoever made it is told that the name is taken.
"""

from __future__ import annotations

from datetime import timedelta

from qsignhub.foundation.database import Database
from qsignhub.foundation.sealing import MasterKey


class Register:
    """Names that can be claimed once; a claimed name's value never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, kind: str, name: str, value: bytes) -> bool:
        """True if the name was free and is now ours; False if it was taken before."""
        claimed = await self._database.ask(
            "INSERT INTO register (kind, name, value) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING name",
            (kind, name, value),
        )
        return claimed is not None

    async def value(self, kind: str, name: str) -> bytes | None:
        row = await self._database.ask(
            "SELECT value FROM register WHERE kind = %s AND name = %s", (kind, name)
        )
        return bytes(row["value"]) if row else None

    async def names(self, kind: str, prefix: str) -> list[str]:
        rows = await self._database.ask_all(
            "SELECT name FROM register WHERE kind = %s AND starts_with(name, %s) ORDER BY claimed_at",
            (kind, prefix),
        )
        return [row["name"] for row in rows]


class Vault:
    """Secrets by kind and name, sealed under the master key before they reach the database."""

    def __init__(self, database: Database, master_key: MasterKey) -> None:
        self._database = database
        self._master_key = master_key

    async def keep(self, kind: str, name: str, secret: bytes) -> bool:
        """Keeps a secret under a new name; False, changing nothing, if the name is taken."""
        sealed = self._master_key.seal(kind, name, secret)
        kept = await self._database.ask(
            "INSERT INTO vault (kind, name, sealed) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING name",
            (kind, name, sealed),
        )
        return kept is not None

    async def reveal(self, kind: str, name: str) -> bytes | None:
        row = await self._database.ask("SELECT sealed FROM vault WHERE kind = %s AND name = %s", (kind, name))
        return self._master_key.unseal(kind, name, bytes(row["sealed"])) if row else None

    async def destroy_older(self, kind: str, than: timedelta) -> int:
        """Destroys what was kept for longer than that; how many secrets it was."""
        async with self._database.autocommit() as connection:
            cursor = await connection.execute(
                "DELETE FROM vault WHERE kind = %s AND kept_at < clock_timestamp() - %s", (kind, than)
            )
            return cursor.rowcount

    async def destroy(self, kind: str, name: str) -> None:
        await self._database.ask(
            "DELETE FROM vault WHERE kind = %s AND name = %s RETURNING name", (kind, name)
        )
