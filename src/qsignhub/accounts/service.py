"""Accounts and their API keys: made, listed, rotated, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network

from qsignhub.accounts import repository
from qsignhub.accounts.admission import hash_of
from qsignhub.accounts.errors import (
    AccountNameInvalid,
    AccountNotFound,
    KeyNotActive,
    KeyNotFound,
    KeyRuleInvalid,
    UnknownTier,
)
from qsignhub.accounts.model import PERMISSIONS, PLANS, ApiKey, KeyRules
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_secret
from qsignhub.foundation.scope import Mode, Scope

MAX_NAME = 200
DEFAULT_OVERLAP = timedelta(hours=24)
_NO_RULES = KeyRules()


class Accounts:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def scope_of(
        self, tx: Transaction, account_name: str, mode: Mode, tier: str | None = None
    ) -> Scope:
        """The account of this name in one of its worlds; an account that is not there yet is made.

        ``tier`` is the plan of a new account (startup if None); an account that is there takes it on too.
        """
        if tier is not None and tier not in PLANS:
            raise UnknownTier(f"There is no tier {tier!r}; choose one of {', '.join(PLANS)}.", field="tier")
        if not 1 <= len(account_name) <= MAX_NAME or not account_name.isprintable():
            raise AccountNameInvalid(
                f"An account's name has 1 to {MAX_NAME} characters that can be seen.", field="account"
            )
        now = self._clock.now()
        account_id = await repository.get_or_create_account(tx, account_name, tier or "startup", now)
        if tier is not None:
            await repository.set_tier(tx, account_id, tier)
        return Scope(account_id, mode)

    async def find_scope(self, tx: Transaction, account_name: str, mode: Mode) -> Scope:
        """The account of this name; none is made. Raises AccountNotFound."""
        account_id = await repository.find_account(tx, account_name)
        if account_id is None:
            raise AccountNotFound(f"There is no account {account_name!r}.", field="account")
        return Scope(account_id, mode)

    async def name_of(self, tx: Transaction, scope: Scope) -> str:
        return await repository.account_name(tx, scope)

    async def create_key(self, tx: Transaction, scope: Scope, rules: KeyRules = _NO_RULES) -> str:
        """A new API key. This is the only time it can be seen: only its hash is stored."""
        _, key = await self._new_key(tx, scope, rules)
        return key

    async def keys(self, tx: Transaction, scope: Scope) -> list[ApiKey]:
        """Every key of the scope, the oldest first, revoked and expired ones too."""
        return await repository.keys_of(tx, scope)

    async def revoke_key(self, tx: Transaction, scope: Scope, key_id: str) -> None:
        """Ends a key at once, everywhere. Revoking twice changes nothing."""
        await repository.revoke_key(tx, await self._key(tx, scope, key_id), self._clock.now())

    async def rotate_key(
        self, tx: Transaction, scope: Scope, key_id: str, overlap: timedelta = DEFAULT_OVERLAP
    ) -> str:
        """A successor with the same rules; the old key goes on for ``overlap`` and then ends by itself.

        One that was made to end lives as long again as the old one was meant to.
        Raises KeyNotFound, KeyNotActive.
        """
        now = self._clock.now()
        old = await self._key(tx, scope, key_id)
        if old.state(now) != "active" or old.replaced_by is not None:
            state = old.state(now) if old.state(now) != "active" else f"replaced by {old.replaced_by}"
            raise KeyNotActive(f"The key {key_id} is {state}; rotate the one in use.", field="key_id")
        ends = old.rules.expires_at
        rules = replace(old.rules, expires_at=now + (ends - old.created_at) if ends else None)
        new_id, key = await self._new_key(tx, scope, rules)
        await repository.replace_key(tx, old, new_id, now + overlap)
        return key

    async def forget_counts(self, tx: Transaction) -> int:
        """Removes the counts of minutes long gone; how many."""
        return await repository.forget_windows(tx, timedelta(hours=1))

    async def _new_key(self, tx: Transaction, scope: Scope, rules: KeyRules) -> tuple[str, str]:
        key = new_secret(f"qsh_{scope.mode}_")
        return await repository.add_key(tx, scope, hash_of(key), rules, self._clock.now()), key

    async def _key(self, tx: Transaction, scope: Scope, key_id: str) -> ApiKey:
        found = await repository.find_key(tx, scope, key_id)
        if found is None:
            raise KeyNotFound(f"This account has no {scope.mode} key {key_id}.", field="key_id")
        return found


def key_rules(
    name: str = "",
    permissions: Iterable[str] = (),
    networks: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> KeyRules:
    """Rules from what an operator typed. Raises KeyRuleInvalid, naming what cannot be."""
    permissions = list(permissions)
    for unknown in (name for name in permissions if name not in PERMISSIONS):
        raise KeyRuleInvalid(
            f"There is no permission {unknown!r}; choose of {', '.join(PERMISSIONS)}.", field="permissions"
        )
    try:
        parsed = tuple(ip_network(network) for network in networks)
    except ValueError as exc:
        raise KeyRuleInvalid(
            f"{exc}; write an address or a network as 203.0.113.0/24.", field="networks"
        ) from None
    return KeyRules(name.strip(), frozenset(permissions), parsed, expires_at)  # type: ignore[arg-type]
