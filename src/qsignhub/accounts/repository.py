"""All SQL of accounts, their keys, and the count of their requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network

from qsignhub.accounts.model import ApiKey, KeyRules, Network
from qsignhub.foundation.database import Database, Row, Transaction, fetch_all, fetch_one
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.scope import Mode, Scope

# One statement for a request: who speaks, and how many requests that makes in this minute. The minute is
# the database's, so all processes agree on it; one that waited for the row while the minute ended counts in
# the new one.
_ADMIT = """
WITH speaker AS (
    SELECT k.id, k.account_id, k.mode, k.scopes, k.allowed_from, k.last_used_at, a.tier
    FROM api_keys k JOIN accounts a ON a.id = k.account_id
    WHERE k.key_hash = %(key_hash)s AND k.mode = %(mode)s AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
), counted AS (
    INSERT INTO rate_windows AS w (holder, minute, used)
    SELECT coalesce((SELECT account_id || ' ' || mode FROM speaker), %(address)s),
           floor(extract(epoch FROM clock_timestamp()) / 60), 1
    ON CONFLICT (holder) DO UPDATE
    SET used = CASE WHEN excluded.minute > w.minute THEN 1 ELSE w.used + 1 END,
        minute = greatest(excluded.minute, w.minute)
    RETURNING minute, used
)
SELECT counted.minute, counted.used, speaker.* FROM counted LEFT JOIN speaker ON true
"""


async def admit(
    database: Database, key_hash: bytes | None, mode: Mode | None, address: str, now: datetime
) -> Row:
    """``minute`` (of the epoch), ``used``, and the key's row, whose ``id`` is None for no valid key."""
    parameters = {"key_hash": key_hash, "mode": mode, "address": address, "now": now}
    row = await database.ask(_ADMIT, parameters)
    if row is None:
        raise LookupError("a statement that always has a row")
    return row


async def note_use(database: Database, key_id: str, now: datetime) -> None:
    await database.ask("UPDATE api_keys SET last_used_at = %s WHERE id = %s RETURNING id", (now, key_id))


async def forget_windows(tx: Transaction, older_than: timedelta) -> int:
    cursor = await tx.execute(
        "DELETE FROM rate_windows WHERE minute < extract(epoch FROM clock_timestamp() - %s) / 60",
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
