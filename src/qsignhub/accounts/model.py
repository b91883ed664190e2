"""Accounts and the keys that speak for them."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.foundation.scope import Scope

TIERS = ("sandbox", "startup", "business", "enterprise")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request speaks for, and in which world."""

    scope: Scope
    key_id: str
    tier: str
