from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from qsignhub.accounts.admission import Admissions
from qsignhub.accounts.errors import ApiKeyInvalid, ApiKeyMissing, UnknownTier
from qsignhub.accounts.model import Principal
from qsignhub.accounts.service import Accounts
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database, fetch_all
from qsignhub.foundation.scope import Mode, Scope

CLOCK = SettableClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
ACCOUNTS = Accounts(CLOCK)


async def new_key(database: Database, account: str = "default", mode: Mode = "test") -> tuple[str, Scope]:
    async with database.transaction() as tx:
        scope = await ACCOUNTS.scope_of(tx, account, mode)
        return await ACCOUNTS.create_key(tx, scope), scope


async def authenticate(database: Database, key: str | None) -> Principal:
    admission = await Admissions(database, CLOCK).admit(key, "192.0.2.7")
    if admission.refusal is not None:
        assert admission.principal is None
        raise admission.refusal
    assert admission.principal is not None
    return admission.principal


@pytest.mark.parametrize("mode", ["test", "live"])
async def test_a_key_names_its_world_and_is_long_enough(database: Database, mode: Mode) -> None:
    key, _ = await new_key(database, mode=mode)
    prefix, secret = key[:9], key[9:]
    assert prefix == f"qsh_{mode}_"
    assert len(secret) == 32
    assert secret.isalnum()
    assert secret.isascii()


async def test_keys_are_never_alike(database: Database) -> None:
    assert len({(await new_key(database))[0] for _ in range(20)}) == 20


async def test_a_key_speaks_for_its_account_in_its_world(database: Database) -> None:
    for account in ("one", "two"):
        for mode in ("test", "live"):
            key, scope = await new_key(database, account, mode)
            principal = await authenticate(database, key)
            assert principal.scope == scope
            assert principal.scope.mode == mode
            assert principal.tier == "startup"


async def test_only_the_hash_of_a_key_is_stored(database: Database) -> None:
    key, _ = await new_key(database)
    async with database.transaction() as tx:
        [row] = await fetch_all(tx, "SELECT *, k::text AS whole FROM api_keys k")
    assert bytes(row["key_hash"]) == hashlib.sha256(key.encode()).digest()
    for trace in (key, key[9:], key[9:20], key.encode().hex(), key[9:].encode().hex()):
        assert trace not in row["whole"]


async def test_case_33_a_revoked_key_is_refused_at_once(database: Database) -> None:
    key, scope = await new_key(database)
    other, _ = await new_key(database)
    key_id = (await authenticate(database, key)).key_id
    async with database.transaction() as tx:
        await tx.execute("UPDATE api_keys SET revoked_at = now() WHERE id = %s", (key_id,))
    with pytest.raises(ApiKeyInvalid) as revoked:
        await authenticate(database, key)
    with pytest.raises(ApiKeyInvalid) as unknown:
        await authenticate(database, "qsh_test_" + "0" * 32)
    assert revoked.value.message == unknown.value.message, "which of them stays unsaid"
    assert (await authenticate(database, other)).scope == scope


async def test_case_30_a_key_of_one_world_is_none_of_the_other(database: Database) -> None:
    test_key, _ = await new_key(database, mode="test")
    live_key, _ = await new_key(database, mode="live")
    for key in (test_key.replace("_test_", "_live_"), live_key.replace("_live_", "_test_")):
        with pytest.raises(ApiKeyInvalid):
            await authenticate(database, key)


async def test_a_stored_hash_under_the_other_prefix_does_not_open_the_other_world(database: Database) -> None:
    """The prefix and the row have to agree, whatever stands in the table."""
    key, scope = await new_key(database)
    async with database.transaction() as tx:
        await tx.execute("UPDATE api_keys SET mode = 'live'")
    with pytest.raises(ApiKeyInvalid):
        await authenticate(database, key)
    assert scope.mode == "test"


@pytest.mark.parametrize("nothing", [None, ""])
async def test_no_key_is_told_as_missing(database: Database, nothing: str | None) -> None:
    with pytest.raises(ApiKeyMissing):
        await authenticate(database, nothing)


@pytest.mark.parametrize(
    "wrong",
    [
        "qsh_test_",
        "qsh_prod_" + "a" * 32,
        "QSH_TEST_" + "a" * 32,
        "a" * 41,
        "qsh_test_' OR true --",
        "qsh_test_\x00",
        "qsh_test_zażółć",
        "qsh_test_" + "a" * 100_000,
    ],
)
async def test_case_12_what_is_no_key_is_refused(database: Database, wrong: str) -> None:
    await new_key(database)
    with pytest.raises(ApiKeyInvalid):
        await authenticate(database, wrong)


async def test_a_part_of_a_key_and_a_key_with_more_are_refused(database: Database) -> None:
    key, _ = await new_key(database)
    for wrong in (
        key[:-1],
        key + "0",
        f" {key}",
        f"{key}\n",
        key.swapcase(),
        hashlib.sha256(key.encode()).hexdigest(),
    ):
        with pytest.raises(ApiKeyInvalid):
            await authenticate(database, wrong)


async def test_an_account_is_made_once(database: Database) -> None:
    async with database.transaction() as tx:
        first = await ACCOUNTS.scope_of(tx, "acme", "test", "business")
        again = await ACCOUNTS.scope_of(tx, "acme", "test")
        live = await ACCOUNTS.scope_of(tx, "acme", "live")
        other = await ACCOUNTS.scope_of(tx, "Acme", "test")
    assert first == again
    assert live == Scope(first.account_id, "live")
    assert other.account_id != first.account_id


async def test_an_unknown_tier_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(UnknownTier):
            await ACCOUNTS.scope_of(tx, "acme", "test", "gold")
        assert await fetch_all(tx, "SELECT * FROM accounts") == []
