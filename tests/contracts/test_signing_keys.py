"""What every place where signing keys live must do, run on each adapter."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qsignhub.custody.adapters.software import SoftwareKeys
from qsignhub.custody.errors import KeyUnknown
from qsignhub.custody.ports import SigningKeys
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Vault
from qsignhub.foundation.sealing import MasterKey, SealBroken

KEY = "sgn_4Ht9Lm2Qx7Wz"
DIGEST = hashlib.sha256(b"what is signed").digest()
MASTER_KEY = bytes(range(32))


class InMemorySecrets:
    """A store of secrets that is as short as its port."""

    def __init__(self) -> None:
        self._secrets: dict[tuple[str, str], bytes] = {}

    async def keep(self, kind: str, name: str, secret: bytes) -> bool:
        return self._secrets.setdefault((kind, name), secret) is secret

    async def reveal(self, kind: str, name: str) -> bytes | None:
        return self._secrets.get((kind, name))

    async def destroy(self, kind: str, name: str) -> None:
        self._secrets.pop((kind, name), None)


Reopen = Callable[[], SigningKeys]


@pytest.fixture(params=["software, in the vault", "software, in memory"])
async def reopen(request: pytest.FixtureRequest) -> AsyncIterator[Reopen]:
    """Opens the same keys each time, as after a new start."""
    if request.param == "software, in memory":
        secrets = InMemorySecrets()
        yield lambda: SoftwareKeys(secrets)
        return
    database = Database(request.getfixturevalue("conninfo"), connections=6)
    await database.open()
    yield lambda: SoftwareKeys(Vault(database, MasterKey(MASTER_KEY)))
    await database.close()


@pytest.fixture
def keys(reopen: Reopen) -> SigningKeys:
    return reopen()


def verify(key: ec.EllipticCurvePublicKey, signature: bytes, digest: bytes = DIGEST) -> None:
    key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


async def test_a_key_is_of_the_promised_kind(keys: SigningKeys) -> None:
    assert isinstance((await keys.create(KEY)).curve, ec.SECP256R1)


async def test_a_key_made_twice_is_one_key(keys: SigningKeys, reopen: Reopen) -> None:
    first = await keys.create(KEY)
    assert await keys.create(KEY) == first
    assert await reopen().create(KEY) == first


async def test_a_key_made_by_many_at_once_is_one_key(keys: SigningKeys) -> None:
    made = await asyncio.gather(*(keys.create(KEY) for _ in range(8)))
    assert all(key == made[0] for key in made)
    verify(made[0], await keys.sign_digest(KEY, DIGEST))


async def test_every_name_has_a_key_of_its_own(keys: SigningKeys) -> None:
    assert await keys.create(KEY) != await keys.create("sgn_another00000")


async def test_a_signature_verifies_for_this_digest_alone(keys: SigningKeys, reopen: Reopen) -> None:
    public = await keys.create(KEY)
    verify(public, await keys.sign_digest(KEY, DIGEST))
    signature = await reopen().sign_digest(KEY, DIGEST)
    verify(public, signature)
    with pytest.raises(InvalidSignature):
        verify(public, signature, hashlib.sha256(b"something else").digest())


@pytest.mark.parametrize("wrong", [b"", DIGEST[:-1], DIGEST + b"\0", hashlib.sha512(b"x").digest()])
async def test_what_is_no_sha256_digest_is_not_signed(keys: SigningKeys, wrong: bytes) -> None:
    await keys.create(KEY)
    with pytest.raises(ValueError, match="digest"):
        await keys.sign_digest(KEY, wrong)


async def test_an_unknown_key_does_not_sign(keys: SigningKeys) -> None:
    await keys.create(KEY)
    with pytest.raises(KeyUnknown):
        await keys.sign_digest("sgn_never_made00", DIGEST)


async def test_a_destroyed_key_cannot_sign(keys: SigningKeys, reopen: Reopen) -> None:
    await keys.create(KEY)
    other = await keys.create("sgn_another00000")
    await keys.destroy(KEY)
    await keys.destroy(KEY)
    for opened in (keys, reopen()):
        with pytest.raises(KeyUnknown):
            await opened.sign_digest(KEY, DIGEST)
    verify(other, await keys.sign_digest("sgn_another00000", DIGEST))


async def test_a_name_used_again_gets_another_key(keys: SigningKeys) -> None:
    before = await keys.create(KEY)
    await keys.destroy(KEY)
    assert await keys.create(KEY) != before


async def test_what_works_answers(keys: SigningKeys) -> None:
    await keys.ping()


async def test_case_73_the_port_has_no_way_to_take_a_key_out(keys: SigningKeys) -> None:
    offered = {name for name in dir(keys) if not name.startswith("_")}
    assert offered == {"create", "sign_digest", "destroy", "ping"}


async def test_software_keys_are_sealed_in_the_database(database: Database) -> None:
    """No column of no table holds the key, nor its secret number in any usual form."""
    vault = Vault(database, MasterKey(MASTER_KEY))
    public = await SoftwareKeys(vault).create(KEY)
    encoded = await vault.reveal("custody.signing-key", KEY)
    assert encoded is not None
    private = ec.derive_private_key(_secret_number(encoded), ec.SECP256R1())
    assert private.public_key() == public, "these are the bytes to look for"

    number = private.private_numbers().private_value.to_bytes(32)
    traces = [number, encoded, private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())]
    dump = await _everything_in(database.conninfo)
    assert KEY.encode().hex() in dump or KEY in dump, "the row itself is in what was searched"
    for trace in traces:
        assert trace.hex() not in dump


async def test_a_key_sealed_under_one_name_does_not_open_under_another(database: Database) -> None:
    """Who can write to the table still cannot sign with somebody else's key."""
    keys = SoftwareKeys(Vault(database, MasterKey(MASTER_KEY)))
    await keys.create(KEY)
    await keys.create("sgn_of_mallory00")
    async with database.autocommit() as connection:
        await connection.execute(
            "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE name = %s) WHERE name = %s",
            (KEY, "sgn_of_mallory00"),
        )
    with pytest.raises(SealBroken):
        await keys.sign_digest("sgn_of_mallory00", DIGEST)


def _secret_number(pkcs8: bytes) -> int:
    """RFC 5915: the 32 octets after the version of ECPrivateKey."""
    at = pkcs8.index(bytes.fromhex("0201010420")) + 5
    return int.from_bytes(pkcs8[at : at + 32])


async def _everything_in(conninfo: str) -> str:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        tables = await connection.execute(
            "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'"
        )
        rows = []
        for (table,) in await tables.fetchall():
            found = await connection.execute(f"SELECT t::text FROM {table} t")
            rows += [str(row) for (row,) in await found.fetchall()]
    return "\n".join(rows)
