"""All SQL of accounts, their keys, and the count of their requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from qsignhub.accounts.model import ApiKey, KeyRules, Network
from qsignhub.foundation.database import Database, Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.scope import Mode, Scope

# Who speaks, and how many requests that makes in this minute, for all that knocked at the same time. The
# minute is the database's, so all processes agree on it; a statement that waited for a row while the minute
# ended counts in the new one. Rows are taken in the order of their names, so that no two statements wait for
# each other.
_ADMIT = """
WITH asked AS (
    SELECT * FROM unnest(%(key_hashes)s::bytea[], %(modes)s::text[], %(addresses)s::text[])
    WITH ORDINALITY AS a (key_hash, mode, address, number)
), speaker AS (
    SELECT asked.number, k.id, k.account_id, k.mode, k.scopes, k.allowed_from, k.last_used_at, a.tier
    FROM asked JOIN api_keys k ON k.key_hash = asked.key_hash AND k.mode = asked.mode
    JOIN accounts a ON a.id = k.account_id
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
), held AS (
    SELECT asked.number, coalesce(s.account_id || ' ' || s.mode, asked.address) AS holder
    FROM asked LEFT JOIN speaker s ON s.number = asked.number
), counted AS (
    INSERT INTO rate_windows AS w (holder, minute, used)
    SELECT holder, floor(extract(epoch FROM clock_timestamp()) / 60), count(*)
    FROM held GROUP BY holder ORDER BY holder
    ON CONFLICT (holder) DO UPDATE
    SET used = CASE WHEN excluded.minute > w.minute THEN excluded.used ELSE w.used + excluded.used END,
        minute = greatest(excluded.minute, w.minute)
    RETURNING holder, minute, used
)
SELECT counted.minute,
       counted.used + 1 - row_number() OVER (PARTITION BY holder ORDER BY held.number DESC) AS used,
       s.id, s.account_id, s.mode, s.scopes, s.allowed_from, s.last_used_at, s.tier
FROM held JOIN counted USING (holder) LEFT JOIN speaker s ON s.number = held.number
ORDER BY held.number
"""


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at the door: with the hash of a key of a mode, or with none; and from where."""

    key_hash: bytes | None
    mode: Mode | None
    address: str


async def admit(database: Database, knocks: Sequence[Knock], now: datetime) -> list[Row]:
    """For each in turn ``minute`` (of the epoch), ``used`` with itself, and the key's row: ``id`` None for
    no valid key.
    """
    parameters = {
        "key_hashes": [knock.key_hash for knock in knocks],
        "modes": [knock.mode for knock in knocks],
        "addresses": [knock.address for knock in knocks],
        "now": now,
    }
    return await database.ask_all(_ADMIT, parameters)


async def note_use(database: Database, key_id: str, now: datetime) -> None:
    await database.ask("UPDATE api_keys SET last_used_at = %s WHERE id = %s RETURNING id", (now, key_id))


async def forget_windows(tx: Transaction, older_than: timedelta) -> int:
    """Rows that are counted in just now are left for the next time: neither waits for the other."""
    cursor = await tx.execute(
        "DELETE FROM rate_windows WHERE holder IN (SELECT holder FROM rate_windows"
        " WHERE minute < extract(epoch FROM clock_timestamp() - %s) / 60 FOR UPDATE SKIP LOCKED)",
        (older_than,),
    )
    return cursor.rowcount


async def get_or_create_account(tx: Transaction, name: str, tier: str, now: datetime) -> str:
    await tx.execute(
        "INSERT INTO accounts (id, name, tier, created_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (name) DO NOTHING",
        (new_id("acc"), name, tier, now),
    )
    row = await fetch_one(tx, "SELECT id FROM accounts WHERE name = %s", (name,))
    if row is None:
        raise LookupError(name)
    return str(row["id"])


async def find_account(tx: Transaction, name: str) -> str | None:
    row = await fetch_one(tx, "SELECT id FROM accounts WHERE name = %s", (name,))
    return str(row["id"]) if row else None


async def account_name(tx: Transaction, scope: Scope) -> str:
    row = await fetch_one(tx, "SELECT name FROM accounts WHERE id = %s", (scope.account_id,))
    return str(row["name"]) if row else ""


async def set_tier(tx: Transaction, account_id: str, tier: str) -> None:
    await tx.execute("UPDATE accounts SET tier = %s WHERE id = %s", (tier, account_id))


async def add_key(tx: Transaction, scope: Scope, key_hash: bytes, rules: KeyRules, now: datetime) -> str:
    key_id = new_id("key")
    await tx.execute(
        "INSERT INTO api_keys (id, account_id, mode, key_hash, name, scopes, allowed_from, created_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s::inet[], %s, %s)",
        (
            key_id,
            scope.account_id,
            scope.mode,
            key_hash,
            rules.name,
            sorted(rules.permissions),
            [str(network) for network in rules.networks],
            now,
            rules.expires_at,
        ),
    )
    return key_id


async def keys_of(tx: Transaction, scope: Scope) -> list[ApiKey]:
    rows = await fetch_all(
        tx,
        "SELECT * FROM api_keys WHERE account_id = %s AND mode = %s ORDER BY created_at, id",
        (scope.account_id, scope.mode),
    )
    return [_api_key(row) for row in rows]


async def find_key(tx: Transaction, scope: Scope, key_id: str) -> ApiKey | None:
    row = await fetch_one(
        tx,
        "SELECT * FROM api_keys WHERE id = %s AND account_id = %s AND mode = %s FOR UPDATE",
        (key_id, scope.account_id, scope.mode),
    )
    return _api_key(row) if row else None


async def revoke_key(tx: Transaction, key: ApiKey, now: datetime) -> None:
    await tx.execute(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, %s) "
        "WHERE id = %s AND account_id = %s AND mode = %s",
        (now, key.id, key.scope.account_id, key.scope.mode),
    )


async def replace_key(tx: Transaction, key: ApiKey, successor: str, ends_at: datetime) -> None:
    await tx.execute(
        "UPDATE api_keys SET replaced_by = %s, expires_at = least(expires_at, %s) "
        "WHERE id = %s AND account_id = %s AND mode = %s",
        (successor, ends_at, key.id, key.scope.account_id, key.scope.mode),
    )


def networks_of(row: Row) -> tuple[Network, ...]:
    return tuple(ip_network(str(entry), strict=False) for entry in row["allowed_from"])


def _api_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        scope=Scope(row["account_id"], row["mode"]),
        rules=KeyRules(row["name"], frozenset(row["scopes"]), networks_of(row), row["expires_at"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
        replaced_by=row["replaced_by"],
    )
