"""The authorisation byte by byte, the gate when the device fails, and software keys at rest.

What holds for every custody stands in ``tests/contracts/test_custody.py``.
"""

from __future__ import annotations

import hashlib

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from qsignhub.custody.activation import ActivationVerifier
from qsignhub.custody.errors import ActivationRefused, ActivationUsed, CustodyUnavailable
from qsignhub.custody.model import Outcome
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Vault
from qsignhub.foundation.sealing import MasterKey, SealBroken
from qsignhub.foundation.signature_algorithms import ES256
from tests.support.custody_places import (
    ISSUER_KEY,
    MASTER_KEY,
    NOW,
    InMemoryRecord,
    InMemorySecrets,
    Place,
    activation,
    issued,
    on_database,
)

KEY, OTHER_KEY = "sig_of_anna", "sig_of_bert"
MESSAGE = b"the signed attributes"
DIGEST = hashlib.sha256(MESSAGE).digest()


class FailingSecrets(InMemorySecrets):
    """Out of order when told so."""

    down = False

    async def reveal(self, kind: str, name: str) -> bytes | None:
        if self.down:
            raise CustodyUnavailable("The keys cannot be reached.")
        return await super().reveal(kind, name)


async def test_every_single_altered_byte() -> None:
    custody = Place(InMemoryRecord(), InMemorySecrets()).open()
    await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    for at in range(len(token)):
        altered = bytearray(token)
        altered[at] ^= 1
        with pytest.raises(ActivationRefused):
            await custody.sign(KEY, MESSAGE, bytes(altered))
    assert await custody.operations(KEY) == []
    assert await custody.sign(KEY, MESSAGE, token), "it was good before it was altered"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_are_an_authorisation(token: bytes) -> None:
    verifier = ActivationVerifier(ISSUER_KEY.public_key())
    with pytest.raises(ActivationRefused):
        verifier.verify(token, key_id=KEY, digest=DIGEST, now=NOW)


@pytest.mark.parametrize("digest", [DIGEST[:-1], DIGEST + b"\0", b"", hashlib.sha512(MESSAGE).digest()])
async def test_what_is_no_sha256_digest_authorises_nothing(digest: bytes) -> None:
    custody = Place(InMemoryRecord(), InMemorySecrets()).open()
    await custody.create_key(KEY, ES256)
    with pytest.raises(ActivationRefused):
        await custody.sign(KEY, MESSAGE, issued(activation(digest, KEY)))


async def test_case_44_keys_lost_in_the_act_leave_it_begun_and_spent() -> None:
    secrets = FailingSecrets()
    place = Place(InMemoryRecord(), secrets)
    await place.open().create_key(KEY, ES256)
    custody = place.open()
    token = issued(activation(DIGEST, KEY))
    secrets.down = True
    with pytest.raises(CustodyUnavailable):
        await custody.sign(KEY, MESSAGE, token)
    assert await custody.outcome(KEY, "act_1") == Outcome("begun")
    secrets.down = False
    with pytest.raises(ActivationUsed):
        await custody.sign(KEY, MESSAGE, token)
    await custody.sign(KEY, MESSAGE, issued(activation(DIGEST, KEY, "act_2")))
    assert await custody.operations(KEY) == ["act_1", "act_2"]


async def test_software_keys_are_sealed_in_the_database(conninfo: str, database: Database) -> None:
    """No column of no table holds the key, nor its secret number in any usual form."""
    vault = Vault(database, MasterKey(MASTER_KEY))
    async with on_database(conninfo) as place:
        public = await place.open().create_key(KEY, ES256)
    encoded = await vault.reveal("custody.signing-key", KEY)
    assert encoded is not None
    private = ec.derive_private_key(_secret_number(encoded), ec.SECP256R1())
    assert private.public_key() == public, "these are the bytes to look for"

    number = private.private_numbers().private_value.to_bytes(32)
    traces = [number, encoded, private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())]
    dump = await _everything_in(conninfo)
    assert KEY.encode().hex() in dump or KEY in dump, "the row itself is in what was searched"
    for trace in traces:
        assert trace.hex() not in dump


async def test_a_key_sealed_under_one_name_does_not_open_under_another(
    conninfo: str, database: Database
) -> None:
    """Who can write to the table still cannot sign with somebody else's key."""
    async with on_database(conninfo) as place:
        for key_id in (KEY, OTHER_KEY):
            await place.open().create_key(key_id, ES256)
        async with database.autocommit() as connection:
            await connection.execute(
                "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE name = %s) WHERE name = %s",
                (KEY, OTHER_KEY),
            )
        with pytest.raises(SealBroken):
            await place.open().sign(OTHER_KEY, MESSAGE, issued(activation(DIGEST, OTHER_KEY)))


def _secret_number(encoded: bytes) -> int:
    """RFC 5915: the 32 octets after the version of ECPrivateKey."""
    at = encoded.index(bytes.fromhex("0201010420")) + 5
    return int.from_bytes(encoded[at : at + 32])


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
