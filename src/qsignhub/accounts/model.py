"""Accounts, their plans, and the keys that speak for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias, get_args

from qsignhub.accounts.permissions import Permission
from qsignhub.foundation.scope import Scope

PLANS: Mapping[str, int] = {"sandbox": 100, "startup": 1000, "business": 5000, "enterprise": 20_000}
"""Requests a minute, for each of an account's two worlds."""

ANONYMOUS_TIER = "anonymous"
ANONYMOUS_LIMIT = 60
"""Requests a minute from one address that come without a valid key."""

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What a key may do, from where, and until when; the empty set means no restriction."""

    name: str = ""
    permissions: frozenset[Permission] = frozenset()
    networks: tuple[Network, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its owner may see it: never the key itself."""

    id: str
    scope: Scope
    rules: KeyRules
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None

    def state(self, now: datetime) -> str:
        if self.revoked_at is not None:
            return "revoked"
        if self.rules.expires_at is not None and self.rules.expires_at <= now:
            return "expired"
        return "active"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request speaks for, in which world, and what the key may do."""

    scope: Scope
    key_id: str
    tier: str
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    networks: tuple[Network, ...] = ()

    def may(self, permission: Permission) -> bool:
        return not self.permissions or permission in self.permissions

    def may_come_from(self, address: str) -> bool:
        if not self.networks:
            return True
        try:
            came_from = ip_address(address)
        except ValueError:
            return False
        if isinstance(came_from, IPv6Address) and came_from.ipv4_mapped:
            came_from = came_from.ipv4_mapped  # a socket for both versions names IPv4 peers so
        return any(came_from in network for network in self.networks)
