"""An authorisation is for one key, one digest, one use, and a while; no key is touched for any other."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given, settings
from hypothesis import strategies as st

from qsignhub.custody.activation import LIFETIME, Activation, ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.software import SoftwareKeys
from qsignhub.custody.errors import (
    ActivationExpired,
    ActivationRefused,
    ActivationUsed,
    CustodyUnavailable,
    KeyUnknown,
)
from qsignhub.custody.service import Custody, Outcome
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Register, Vault
from qsignhub.foundation.sealing import MasterKey

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIGEST = hashlib.sha256(b"the signed attributes").digest()
OTHER_DIGEST = hashlib.sha256(b"of another document").digest()
KEY, OTHER_KEY = "sig_of_anna", "sig_of_bert"
ISSUER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


class Spy:
    """Counts every use of a key, and is out of order when told so."""

    def __init__(self, keys: SoftwareKeys) -> None:
        self._keys = keys
        self.uses: list[tuple[str, bytes]] = []
        self.down = False

    async def create(self, key_id: str) -> ec.EllipticCurvePublicKey:
        return await self._keys.create(key_id)

    async def sign_digest(self, key_id: str, digest: bytes) -> bytes:
        self.uses.append((key_id, digest))
        await asyncio.sleep(0)
        if self.down:
            raise CustodyUnavailable("The keys cannot be reached.")
        return await self._keys.sign_digest(key_id, digest)

    async def destroy(self, key_id: str) -> None:
        await self._keys.destroy(key_id)

    async def ping(self) -> None:
        await self._keys.ping()


class Setup:
    def __init__(self, database: Database) -> None:
        self.clock = SettableClock(NOW)
        self.spy = Spy(SoftwareKeys(Vault(database, MasterKey(bytes(32)))))
        self.issuer = ActivationIssuer(ISSUER_KEY)
        verifier = ActivationVerifier(ISSUER_KEY.public_key())
        self.custody = Custody(self.spy, Register(database), verifier, self.clock)


@pytest.fixture
async def setup(database: Database) -> Setup:
    made = Setup(database)
    await made.custody.create_key(KEY)
    await made.custody.create_key(OTHER_KEY)
    return made


def activation(id_: str = "act_1", **changes: object) -> Activation:
    return replace(Activation(id_, "sgn_anna", KEY, DIGEST, NOW + LIFETIME), **changes)  # type: ignore[arg-type]


async def refused(
    setup: Setup, token: bytes, *, key_id: str = KEY, digest: bytes = DIGEST
) -> ActivationRefused:
    with pytest.raises(ActivationRefused) as caught:
        await setup.custody.sign(key_id, digest, token)
    assert setup.spy.uses == []
    assert await setup.custody.operations(key_id) == []
    assert await setup.custody.outcome(key_id, "act_1") == Outcome("unused")
    return caught.value


async def test_what_the_signer_authorised_is_signed(setup: Setup) -> None:
    public = await setup.custody.create_key(KEY)
    signature = await setup.custody.sign(KEY, DIGEST, setup.issuer.issue(activation()))
    public.verify(signature, DIGEST, ec.ECDSA(Prehashed(hashes.SHA256())))
    assert setup.spy.uses == [(KEY, DIGEST)]
    assert await setup.custody.operations(KEY) == ["act_1"]


async def test_case_74_for_another_key(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    await refused(setup, token, key_id=OTHER_KEY)
    await refused(setup, token, key_id=KEY + "0")
    await refused(setup, setup.issuer.issue(activation(key_id=OTHER_KEY)))


@pytest.mark.parametrize("digest", [OTHER_DIGEST, DIGEST[:-1], DIGEST + b"\0", b""])
async def test_case_74_for_another_hash(setup: Setup, digest: bytes) -> None:
    await refused(setup, setup.issuer.issue(activation()), digest=digest)


async def test_case_74_expired(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    setup.clock.advance(LIFETIME)
    assert isinstance(await refused(setup, token), ActivationExpired)


async def test_it_holds_until_the_last_moment(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    setup.clock.advance(LIFETIME - timedelta(seconds=1))
    await setup.custody.sign(KEY, DIGEST, token)
    assert len(setup.spy.uses) == 1


async def test_case_74_used_twice(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    await setup.custody.sign(KEY, DIGEST, token)
    with pytest.raises(ActivationUsed):
        await setup.custody.sign(KEY, DIGEST, token)
    fresh_token = setup.issuer.issue(activation(expires_at=NOW + 2 * LIFETIME))
    with pytest.raises(ActivationUsed):  # the same authorisation
        await setup.custody.sign(KEY, DIGEST, fresh_token)
    assert len(setup.spy.uses) == 1


async def test_forged_by_another_key(setup: Setup) -> None:
    await refused(setup, ActivationIssuer(MALLORY).issue(activation()))


@pytest.mark.parametrize(
    "altered",
    [
        {"id": "act_2"},
        {"signer": "sgn_mallory"},
        {"key": OTHER_KEY},
        {"digest": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"expires": (NOW + timedelta(days=365)).timestamp()},
        {"new": "claim"},
    ],
)
async def test_altered_claims(setup: Setup, altered: dict[str, object]) -> None:
    token = setup.issuer.issue(activation())
    claims = json.loads(token[64:])
    await refused(setup, token[:64] + json.dumps({**claims, **altered}, sort_keys=True).encode())


async def test_every_single_altered_byte(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    for at in range(len(token)):
        altered = bytearray(token)
        altered[at] ^= 1
        with pytest.raises(ActivationRefused):
            await setup.custody.sign(KEY, DIGEST, bytes(altered))
    assert setup.spy.uses == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_are_an_authorisation(token: bytes) -> None:
    verifier = ActivationVerifier(ISSUER_KEY.public_key())
    with pytest.raises(ActivationRefused):
        verifier.verify(token, key_id=KEY, digest=DIGEST, now=NOW)


@pytest.mark.parametrize("nothing", [b"", b"\0" * 64, b"\0" * 64 + b"{}", b"none"])
async def test_case_75_nobody_signs_without_the_signers_activation(setup: Setup, nothing: bytes) -> None:
    await refused(setup, nothing)


async def test_case_75_another_installations_issuer_counts_for_nothing(setup: Setup) -> None:
    """An administrator may run the issuer's code; without its key that opens nothing."""
    own = ActivationIssuer(Ed25519PrivateKey.generate())
    await refused(setup, own.issue(activation()))


async def test_many_at_once_with_one_authorisation_use_the_key_once(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    outcomes = await asyncio.gather(
        *(setup.custody.sign(KEY, DIGEST, token) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, bytes) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ActivationUsed) for outcome in outcomes) == 9
    assert setup.spy.uses == [(KEY, DIGEST)]
    assert await setup.custody.operations(KEY) == ["act_1"]


async def test_an_outcome_is_unused_then_done(setup: Setup) -> None:
    assert await setup.custody.outcome(KEY, "act_1") == Outcome("unused")
    signature = await setup.custody.sign(KEY, DIGEST, setup.issuer.issue(activation()))
    assert await setup.custody.outcome(KEY, "act_1") == Outcome("done", signature)
    assert await setup.custody.outcome(KEY, "act_2") == Outcome("unused")
    assert await setup.custody.outcome(OTHER_KEY, "act_1") == Outcome("unused")
    assert len(setup.spy.uses) == 1, "asking uses no key"


async def test_case_44_keys_lost_in_the_act_leave_it_begun_and_spent(setup: Setup) -> None:
    token = setup.issuer.issue(activation())
    setup.spy.down = True
    with pytest.raises(CustodyUnavailable):
        await setup.custody.sign(KEY, DIGEST, token)
    assert await setup.custody.outcome(KEY, "act_1") == Outcome("begun")
    setup.spy.down = False
    with pytest.raises(ActivationUsed):
        await setup.custody.sign(KEY, DIGEST, token)
    assert len(setup.spy.uses) == 1

    await setup.custody.sign(KEY, DIGEST, setup.issuer.issue(activation("act_2")))
    assert await setup.custody.operations(KEY) == ["act_1", "act_2"]


async def test_a_destroyed_key_does_not_sign_what_was_authorised(setup: Setup) -> None:
    await setup.custody.destroy_key(KEY)
    with pytest.raises(KeyUnknown):
        await setup.custody.sign(KEY, DIGEST, setup.issuer.issue(activation()))
