from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from qsignhub.accounts import model
from qsignhub.accounts.admission import Admission, Admissions
from qsignhub.accounts.errors import (
    AddressNotAllowed,
    ApiKeyInvalid,
    ApiKeyMissing,
    KeyNotActive,
    KeyNotFound,
    KeyRuleInvalid,
)
from qsignhub.accounts.model import ANONYMOUS_LIMIT, PLANS, KeyRules
from qsignhub.accounts.service import Accounts, key_rules
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database, fetch_one
from qsignhub.foundation.scope import Scope

CLOCK = SettableClock(datetime.now(UTC))
ACCOUNTS = Accounts(CLOCK)
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
async def door(database: Database) -> Admissions:
    return Admissions(database, CLOCK)


@pytest.fixture
async def still(database: Database) -> None:
    """Not over the end of a minute: waits for the next one when this one is nearly over."""
    left = 60 - (await _database_time(database)) % 60
    if left < 15:
        await asyncio.sleep(left + 0.1)


async def _database_time(database: Database) -> float:
    row = await database.ask("SELECT extract(epoch FROM clock_timestamp()) AS now")
    assert row is not None
    return float(row["now"])


async def key_with(database: Database, rules: KeyRules = KeyRules(), tier: str = "sandbox") -> str:  # noqa: B008
    async with database.transaction() as tx:
        return await ACCOUNTS.create_key(tx, await ACCOUNTS.scope_of(tx, "acme", "test", tier), rules)


def rejected(admission: Admission) -> bool:
    return admission.over is not None


async def test_the_plans_requests_and_not_one_more(database: Database, door: Admissions, still: None) -> None:
    key = await key_with(database)
    limit = PLANS["sandbox"]
    found = [await door.admit(key, HERE) for _ in range(limit + 3)]
    assert [admission.remaining for admission in found] == [*reversed(range(limit)), 0, 0, 0]
    assert [rejected(admission) for admission in found] == [False] * limit + [True] * 3
    assert {(admission.tier, admission.limit) for admission in found} == {("sandbox", limit)}
    over = found[-1].over
    assert over is not None
    assert 1 <= over.retry_after <= 60
    now = await _database_time(database)
    assert {admission.reset for admission in found} == {int(now // 60 + 1) * 60}


async def test_exact_over_several_processes_at_once(database: Database, still: None) -> None:
    """Each process has an Admissions of its own, and all of them one row."""
    key = await key_with(database)
    doors = [Admissions(database, CLOCK) for _ in range(4)]
    found = await asyncio.gather(*(doors[n % 4].admit(key, HERE) for n in range(200)))
    assert sum(not rejected(admission) for admission in found) == PLANS["sandbox"]


async def test_a_flood_asks_the_database_no_more(database: Database, door: Admissions, still: None) -> None:
    key = await key_with(database)
    for _ in range(PLANS["sandbox"] + 50):
        await door.admit(key, HERE)
    row = await database.ask("SELECT max(used) AS used FROM rate_windows")
    assert row is not None
    assert row["used"] == PLANS["sandbox"] + 1


async def test_a_new_minute_begins_anew(database: Database, still: None) -> None:
    clock = SettableClock(datetime.now(UTC))
    door = Admissions(database, clock)
    key = await key_with(database)
    for _ in range(PLANS["sandbox"] + 1):
        last = await door.admit(key, HERE)
    assert rejected(last)
    async with database.transaction() as tx:
        await tx.execute("UPDATE rate_windows SET minute = minute - 1")
    clock.advance(timedelta(seconds=60))
    assert not rejected(await door.admit(key, HERE))


async def test_the_two_worlds_and_other_accounts_count_apart(database: Database, door: Admissions) -> None:
    async with database.transaction() as tx:
        scopes = [
            await ACCOUNTS.scope_of(tx, "acme", "test", "sandbox"),
            await ACCOUNTS.scope_of(tx, "acme", "live"),
            await ACCOUNTS.scope_of(tx, "other", "test", "sandbox"),
        ]
        keys = [await ACCOUNTS.create_key(tx, scope) for scope in scopes]
    for key in keys:
        assert (await door.admit(key, HERE)).remaining == PLANS["sandbox"] - 1


async def test_two_keys_of_one_account_share_its_plan(
    database: Database, door: Admissions, still: None
) -> None:
    one, two = await key_with(database), await key_with(database)
    await door.admit(one, HERE)
    assert (await door.admit(two, HERE)).remaining == PLANS["sandbox"] - 2


async def test_requests_without_a_valid_key_are_limited_by_address(
    database: Database, door: Admissions, still: None
) -> None:
    for n in range(ANONYMOUS_LIMIT):
        admission = await door.admit(None if n % 2 else "qsh_test_" + "0" * 32, HERE)
        assert isinstance(admission.refusal, ApiKeyMissing if n % 2 else ApiKeyInvalid)
        assert (admission.tier, admission.limit) == ("anonymous", ANONYMOUS_LIMIT)
        assert admission.remaining == ANONYMOUS_LIMIT - 1 - n
        assert not rejected(admission)
    assert rejected(await door.admit(None, HERE))
    assert rejected(await door.admit("qsh_test_" + "1" * 32, HERE))
    assert not rejected(await door.admit(None, ELSEWHERE))
    key = await key_with(database)
    assert not rejected(await door.admit(key, HERE)), "a valid key is not held back by its neighbours"


async def test_an_ipv6_network_is_one_address(database: Database, door: Admissions, still: None) -> None:
    await door.admit(None, "2001:db8:1:2::1")
    assert (await door.admit(None, "2001:db8:1:2:ffff::9")).remaining == ANONYMOUS_LIMIT - 2
    assert (await door.admit(None, "2001:db8:1:3::1")).remaining == ANONYMOUS_LIMIT - 1
    await door.admit(None, "::ffff:192.0.2.1")
    assert (await door.admit(None, "192.0.2.1")).remaining == ANONYMOUS_LIMIT - 2


async def test_case_33_an_expired_key_is_refused(database: Database) -> None:
    clock = SettableClock(datetime.now(UTC))
    door = Admissions(database, clock)
    key = await key_with(database, KeyRules(expires_at=clock.now() + timedelta(hours=1)))
    assert (await door.admit(key, HERE)).refusal is None
    clock.advance(timedelta(hours=1))
    assert isinstance((await door.admit(key, HERE)).refusal, ApiKeyInvalid)


async def test_a_key_for_certain_networks(database: Database, door: Admissions) -> None:
    key = await key_with(database, key_rules(networks=["192.0.2.0/24", "2001:db8::/32"]))
    for allowed in (HERE, f"::ffff:{HERE}", "2001:db8:9::1"):
        assert (await door.admit(key, allowed)).refusal is None
    for other in (ELSEWHERE, "2001:db9::1", "", "::ffff:198.51.100.9"):
        assert isinstance((await door.admit(key, other)).refusal, AddressNotAllowed)


async def test_rotation_overlaps_and_then_the_old_key_ends(database: Database) -> None:
    clock = SettableClock(datetime.now(UTC))
    accounts, door = Accounts(clock), Admissions(database, clock)
    rules = key_rules("billing", ["documents:read"], ["192.0.2.0/24"])
    old = await key_with(database, rules)
    principal = (await door.admit(old, HERE)).principal
    assert principal is not None
    async with database.transaction() as tx:
        new = await accounts.rotate_key(tx, principal.scope, principal.key_id, timedelta(hours=2))
    for key in (old, new):
        admission = await door.admit(key, HERE)
        assert admission.refusal is None
        assert admission.principal is not None
        assert admission.principal.permissions == {"documents:read"}
    async with database.transaction() as tx:
        with pytest.raises(KeyNotActive):
            await accounts.rotate_key(tx, principal.scope, principal.key_id)
    clock.advance(timedelta(hours=2))
    assert isinstance((await door.admit(old, HERE)).refusal, ApiKeyInvalid)
    assert (await door.admit(new, HERE)).refusal is None


async def test_a_key_made_to_end_has_a_successor_that_ends(database: Database) -> None:
    clock = SettableClock(datetime.now(UTC))
    accounts, month = Accounts(clock), timedelta(days=30)
    async with database.transaction() as tx:
        scope = await accounts.scope_of(tx, "acme", "test")
        await accounts.create_key(tx, scope, KeyRules(expires_at=clock.now() + month))
        clock.advance(timedelta(days=20))
        [old] = await accounts.keys(tx, scope)
        await accounts.rotate_key(tx, scope, old.id)
        old, new = await accounts.keys(tx, scope)
    assert old.rules.expires_at == clock.now() + timedelta(hours=24)
    assert new.rules.expires_at == clock.now() + month


async def test_keys_are_listed_without_the_key(database: Database, door: Admissions) -> None:
    key = await key_with(database, key_rules("billing", ["validate"]))
    principal = (await door.admit(key, HERE)).principal
    assert principal is not None
    async with database.transaction() as tx:
        await ACCOUNTS.revoke_key(tx, principal.scope, principal.key_id)
        [listed] = await ACCOUNTS.keys(tx, principal.scope)
        assert await ACCOUNTS.keys(tx, Scope(principal.scope.account_id, "live")) == []
    assert listed.state(CLOCK.now()) == "revoked"
    assert listed.last_used_at == CLOCK.now()
    assert listed.rules.name == "billing"
    assert key not in repr(listed)


async def test_case_29_no_account_reaches_anothers_key(database: Database, door: Admissions) -> None:
    principal = (await door.admit(await key_with(database), HERE)).principal
    assert principal is not None
    async with database.transaction() as tx:
        other = await ACCOUNTS.scope_of(tx, "other", "test")
        with pytest.raises(KeyNotFound):
            await ACCOUNTS.revoke_key(tx, other, principal.key_id)
        with pytest.raises(KeyNotFound):
            await ACCOUNTS.rotate_key(tx, Scope(principal.scope.account_id, "live"), principal.key_id)
        row = await fetch_one(
            tx, "SELECT revoked_at, replaced_by FROM api_keys WHERE id = %s", (principal.key_id,)
        )
    assert row == {"revoked_at": None, "replaced_by": None}


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"permissions": ["everything"]}, "permissions"),
        ({"networks": ["192.0.2.1/24"]}, "networks"),
        ({"networks": ["here"]}, "networks"),
    ],
)
def test_rules_that_cannot_be(rules: dict[str, list[str]], field: str) -> None:
    with pytest.raises(KeyRuleInvalid) as refused:
        key_rules(**rules)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_every_permission_is_a_restriction_of_its_own() -> None:
    for permission in model.PERMISSIONS:
        principal = model.Principal(Scope("acc", "test"), "key", "startup", frozenset({permission}))
        assert [other for other in model.PERMISSIONS if principal.may(other)] == [permission]
