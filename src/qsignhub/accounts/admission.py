"""The door: who speaks, and whether the plan still has a request left in this minute.

Exact across processes, since all count in one row of the database; once a minute's requests are used
up the process answers by itself, so that a flood costs the database nothing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network

from qsignhub.accounts import repository
from qsignhub.accounts.errors import AddressNotAllowed, ApiKeyInvalid, ApiKeyMissing, RateLimited
from qsignhub.accounts.model import ANONYMOUS_LIMIT, ANONYMOUS_TIER, PLANS, Principal
from qsignhub.accounts.repository import Knock
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Database, Row
from qsignhub.foundation.errors import QSignHubError
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.foundation.together import Together

PREFIXES: dict[str, Mode] = {"qsh_test_": "test", "qsh_live_": "live"}
_KEY_LENGTH = 9 + 32
_REMEMBERED = 10_000
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Admission:
    """The outcome for one request. ``reset`` is the Unix time, in seconds, at which the minute ends."""

    tier: str
    limit: int
    remaining: int
    reset: int
    principal: Principal | None = None
    refusal: QSignHubError | None = None
    """Why no key of this request speaks for anybody; public routes do not mind."""
    over: RateLimited | None = None


class Admissions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted = Together(self._count)
        self._used_up: OrderedDict[object, Admission] = OrderedDict()

    async def admit(self, key: str | None, address: str) -> Admission:
        """Counts the request: for the key's account, or for the address where no valid key is given.

        The look-up goes by the SHA-256 of a 190-bit secret: what its timing could tell is of no use.
        """
        mode = PREFIXES.get(key[:9]) if key and len(key) == _KEY_LENGTH else None
        key_hash = hash_of(key) if key and mode else None
        holder = _address_block(address)
        known = self._used_up.get(key_hash or holder)
        now = self._clock.now()
        if known is not None:
            if now.timestamp() < known.reset:
                return known
            del self._used_up[key_hash or holder]
        row = await self._counted.ask(Knock(key_hash, mode, holder))
        if row["id"] is not None and _is_news(row["last_used_at"], now):
            await repository.note_use(self._database, row["id"], now)
        admission = _admission(row, key, address, now.timestamp())
        if admission.over is not None and (admission.principal is not None or key_hash is None):
            self._used_up[key_hash or holder] = admission
            if len(self._used_up) > _REMEMBERED:
                self._used_up.popitem(last=False)
        return admission

    async def _count(self, knocks: Sequence[Knock]) -> list[Row]:
        return await repository.admit(self._database, knocks, self._clock.now())


def _is_news(last_used_at: datetime | None, now: datetime) -> bool:
    """A key's last use is known to the minute."""
    return last_used_at is None or abs(now - last_used_at) > _USE_IS_NOTED_EVERY


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def _admission(row: Row, key: str | None, address: str, now: float) -> Admission:
    principal, refusal = _speaker(row, key, address)
    tier = principal.tier if principal else ANONYMOUS_TIER
    limit = PLANS[tier] if principal else ANONYMOUS_LIMIT
    reset = (int(row["minute"]) + 1) * 60
    over = None
    if row["used"] > limit:
        wait = max(1, min(60, reset - int(now)))
        over = RateLimited(
            f"The limit of {limit} requests a minute is used up; try again in {wait} s.", retry_after=wait
        )
    return Admission(tier, limit, max(0, limit - row["used"]), reset, principal, refusal, over)


def _speaker(row: Row, key: str | None, address: str) -> tuple[Principal | None, QSignHubError | None]:
    if not key:
        return None, ApiKeyMissing("Send your API key in the X-API-Key header.")
    if row["id"] is None:
        return None, ApiKeyInvalid("This API key is not valid; it may have been revoked or have expired.")
    principal = Principal(
        Scope(row["account_id"], row["mode"]),
        row["id"],
        row["tier"],
        frozenset(row["scopes"]),
        repository.networks_of(row),
    )
    if not principal.may_come_from(address):
        return principal, AddressNotAllowed("This API key is not allowed from the address it was used from.")
    return principal, None


@lru_cache(maxsize=4096)
def _address_block(address: str) -> str:
    """One holder for an IPv4 address or an IPv6 /64, which is what one customer of a provider has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "address unknown"
    if parsed.version == 6:
        mapped = parsed.ipv4_mapped
        return f"address {mapped or ip_network((parsed, 64), strict=False)}"
    return f"address {parsed}"
