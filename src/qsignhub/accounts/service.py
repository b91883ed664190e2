"""Accounts and API keys: made, and recognised."""

from __future__ import annotations

import hashlib

from qsignhub.accounts import repository
from qsignhub.accounts.errors import ApiKeyInvalid, ApiKeyMissing, UnknownTier
from qsignhub.accounts.model import TIERS, Principal
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_secret
from qsignhub.foundation.scope import Mode, Scope

_PREFIXES: dict[str, Mode] = {"qsh_test_": "test", "qsh_live_": "live"}


class Accounts:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def scope_of(self, tx: Transaction, account_name: str, mode: Mode, tier: str = "startup") -> Scope:
        """The account of this name in one of its worlds; an account that is not there yet is made."""
        if tier not in TIERS:
            raise UnknownTier(f"There is no tier {tier!r}; choose one of {', '.join(TIERS)}.", field="tier")
        account_id = await repository.get_or_create_account(tx, account_name, tier, self._clock.now())
        return Scope(account_id, mode)

    async def name_of(self, tx: Transaction, scope: Scope) -> str:
        return await repository.account_name(tx, scope)

    async def create_key(self, tx: Transaction, scope: Scope) -> str:
        """A new API key. This is the only time it can be seen: only its hash is stored."""
        key = new_secret(f"qsh_{scope.mode}_")
        await repository.add_key(tx, scope, _hash(key), self._clock.now())
        return key

    async def authenticate(self, tx: Transaction, key: str | None) -> Principal:
        """Raises ApiKeyMissing, ApiKeyInvalid.

        The look-up goes by the SHA-256 of a 190-bit secret: what its timing could tell is of no use.
        """
        if not key:
            raise ApiKeyMissing("Send your API key in the X-API-Key header.")
        mode = _PREFIXES.get(key[:9])
        principal = await repository.find_principal(tx, _hash(key), mode) if mode else None
        if principal is None:
            raise ApiKeyInvalid("This API key is not valid; it may have been revoked.")
        return principal


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
