"""All SQL of accounts and keys."""

from __future__ import annotations

from datetime import datetime

from qsignhub.accounts.model import Principal
from qsignhub.foundation.database import Transaction, fetch_one
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.scope import Mode, Scope


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


async def add_key(tx: Transaction, scope: Scope, key_hash: bytes, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO api_keys (id, account_id, mode, key_hash, created_at) VALUES (%s, %s, %s, %s, %s)",
        (new_id("key"), scope.account_id, scope.mode, key_hash, now),
    )


async def find_principal(tx: Transaction, key_hash: bytes, mode: Mode) -> Principal | None:
    row = await fetch_one(
        tx,
        "SELECT k.id, k.account_id, k.mode, a.tier FROM api_keys k JOIN accounts a ON a.id = k.account_id "
        "WHERE k.key_hash = %s AND k.mode = %s AND k.revoked_at IS NULL",
        (key_hash, mode),
    )
    if row is None:
        return None
    return Principal(Scope(row["account_id"], row["mode"]), row["id"], row["tier"])
