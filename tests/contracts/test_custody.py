"""What every custody must do, run on each adapter: keys, the gate before them, and nothing past the gate."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from qsignhub.custody.activation import LIFETIME, ActivationIssuer
from qsignhub.custody.adapters.pkcs11_module import Module
from qsignhub.custody.errors import (
    ActivationExpired,
    ActivationRefused,
    ActivationUsed,
    KeyUnknown,
    KeyUnsuitable,
)
from qsignhub.custody.model import Outcome
from qsignhub.custody.ports import KeyCustody
from qsignhub.foundation.signature_algorithms import (
    ALGORITHMS,
    EDDSA,
    ES256,
    ES384,
    PS256,
    RS256,
    PublicKey,
    SignatureAlgorithm,
)
from tests.conftest import fresh_database
from tests.custody.csc.place import RemotePlace, remote_place
from tests.support.custody_places import (
    NOW,
    InMemoryRecord,
    InMemorySecrets,
    Place,
    TokenAccess,
    activation,
    issued,
    on_database,
)
from tests.support.softhsm import SoftToken

KEY, OTHER_KEY = "qtsp:anna", "qtsp:bert"  # as the CSC adapter names them; the others take any name
MESSAGE = b"the signed attributes"
DIGEST = hashlib.sha256(MESSAGE).digest()
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

# Another custody joins the suite with a Place for it and a line here.
PLACES: list[Any] = [
    "software, in memory",
    "software, in the vault",
    pytest.param("PKCS#11", marks=pytest.mark.tools),
    "CSC",
    "CSC, raw ECDSA",
]


class Uses:
    """Counts what reached the device: reads of sealed keys, or entries into the PKCS#11 library."""

    def __init__(self, place: Place | RemotePlace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        if place.token is not None:
            monkeypatch.setattr(Module, "enter", self._counted(Module.enter))
        else:
            kind = type(place.secrets)
            monkeypatch.setattr(kind, "reveal", self._counted(kind.reveal))  # type: ignore[union-attr]

    def _counted(self, function):
        def call(*arguments):
            self.count += 1
            return function(*arguments)

        return call

    @contextmanager
    def none(self):
        before = self.count
        yield
        assert self.count == before, "the device was reached"


@pytest.fixture(scope="module")
def shared_conninfo(template_database: str) -> Iterator[str]:
    """One database for all of these tests, which is much quicker than one for each."""
    with fresh_database(template_database) as conninfo:
        yield conninfo


@asynccontextmanager
async def emptied(conninfo: str, token: TokenAccess | None = None) -> AsyncIterator[Place]:
    with psycopg.connect(conninfo) as connection:
        connection.execute("TRUNCATE vault, register")
    async with on_database(conninfo, token) as place:
        yield place
        await clean_up(place)


@pytest.fixture(params=PLACES)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place | RemotePlace]:
    if request.param == "software, in the vault":
        async with emptied(request.getfixturevalue("shared_conninfo")) as opened:
            yield opened
        return
    if request.param.startswith("CSC"):
        async with remote_place(raw="raw" in request.param) as remote:
            yield remote
        return
    token = token_access(request) if request.param == "PKCS#11" else None
    opened = Place(InMemoryRecord(), InMemorySecrets(), token)
    yield opened
    await clean_up(opened)


@pytest.fixture(params=PLACES[1:3])
async def shared_place(request: pytest.FixtureRequest, shared_conninfo: str) -> AsyncIterator[Place]:
    """One that other processes can come to."""
    token = token_access(request) if request.param == "PKCS#11" else None
    async with emptied(shared_conninfo, token) as opened:
        yield opened


def token_access(request: pytest.FixtureRequest) -> TokenAccess:
    soft: SoftToken = request.getfixturevalue("softhsm_token")
    return TokenAccess(str(soft.module), soft.label, soft.pin)


async def clean_up(place: Place) -> None:
    """A token outlives the test."""
    for key_id in (KEY, OTHER_KEY):
        await place.open().destroy_key(key_id)
    await place.close()


@pytest.fixture
def custody(place: Place) -> KeyCustody:
    return place.open()


@pytest.fixture
def uses(place: Place, monkeypatch: pytest.MonkeyPatch) -> Uses:
    return Uses(place, monkeypatch)


async def sign(custody: KeyCustody, id_: str = "act_1", message: bytes = MESSAGE, key_id: str = KEY) -> bytes:
    token = issued(activation(hashlib.sha256(message).digest(), key_id, id_))
    return await custody.sign(key_id, message, token)


async def refused(place: Place, uses: Uses, token: bytes, *, message: bytes = MESSAGE) -> ActivationRefused:
    """By a custody that has just been started, and so has nothing at hand yet; the device is not reached."""
    custody = place.open()
    with uses.none(), pytest.raises(ActivationRefused) as caught:
        await custody.sign(KEY, message, token)
    assert await custody.operations(KEY) == []
    assert await custody.outcome(KEY, "act_1") == Outcome("unused")
    return caught.value


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.tools
@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS.keys())
async def test_each_algorithm_signs_what_others_verify(
    custody: KeyCustody, place: Place, tmp_path: Path, algorithm: SignatureAlgorithm
) -> None:
    public = await custody.create_key(KEY, algorithm)
    assert algorithm.fits(public)
    assert await place.open().create_key(KEY, algorithm) == public
    signature = await sign(custody)
    assert algorithm.holds(public, signature, MESSAGE)
    assert not algorithm.holds(public, signature, MESSAGE + b"!")
    assert openssl_verifies(algorithm, public, signature, MESSAGE, tmp_path)
    assert not openssl_verifies(algorithm, public, signature, MESSAGE + b"!", tmp_path)


@pytest.mark.parametrize(("first", "then"), [(ES256, ES384), (ES384, EDDSA), (EDDSA, ES256), (ES256, PS256)])
async def test_a_key_is_for_its_first_algorithm_alone(
    custody: KeyCustody, place: Place, first: SignatureAlgorithm, then: SignatureAlgorithm
) -> None:
    public = await custody.create_key(KEY, first)
    for opened in (custody, place.open()):
        with pytest.raises(KeyUnsuitable, match=f"for {first.name}, not for {then.name}"):
            await opened.create_key(KEY, then)
        assert await opened.create_key(KEY, first) == public


async def test_an_rsa_key_has_one_padding(custody: KeyCustody) -> None:
    await custody.create_key(KEY, RS256)
    with pytest.raises(KeyUnsuitable):
        await custody.create_key(KEY, PS256)


async def test_every_id_has_a_key_of_its_own(custody: KeyCustody) -> None:
    assert await custody.create_key(KEY, ES256) != await custody.create_key(OTHER_KEY, ES256)


async def test_a_key_made_by_many_at_once_is_one_key(custody: KeyCustody, place: Place) -> None:
    at_once = [custody, place.open(), place.open()]
    made = await asyncio.gather(*(at_once[number % 3].create_key(KEY, ES256) for number in range(9)))
    assert all(key == made[0] for key in made)
    for number, opened in enumerate([*at_once, place.open()]):
        assert ES256.holds(made[0], await sign(opened, f"act_{number}"), MESSAGE)


async def test_many_signatures_at_once(custody: KeyCustody) -> None:
    public = await custody.create_key(KEY, ES256)
    other = await custody.create_key(OTHER_KEY, ES256)
    messages = [f"message {number}".encode() for number in range(40)]
    signatures = await asyncio.gather(
        *(sign(custody, f"act_{message.decode()}", message) for message in messages),
        *(sign(custody, f"act_{message.decode()}", message, OTHER_KEY) for message in messages),
    )
    for message, signature, of_other in zip(messages, signatures, signatures[40:], strict=False):
        assert ES256.holds(public, signature, message)
        assert ES256.holds(other, of_other, message)


async def test_an_unknown_key_does_not_sign(custody: KeyCustody) -> None:
    with pytest.raises(KeyUnknown):
        await sign(custody)


async def test_a_destroyed_key_does_not_sign_what_was_authorised(custody: KeyCustody, place: Place) -> None:
    used = place.open()
    await custody.create_key(KEY, ES256)
    other = await custody.create_key(OTHER_KEY, ES256)
    await custody.destroy_key(KEY)
    await custody.destroy_key(KEY)
    for number, opened in enumerate((custody, used, place.open())):
        with pytest.raises(KeyUnknown):
            await sign(opened, f"act_{number}")
    assert ES256.holds(other, await sign(custody, "act_9", key_id=OTHER_KEY), MESSAGE)


async def test_an_id_used_again_gets_another_key(custody: KeyCustody, place: Place) -> None:
    before = await custody.create_key(KEY, ES256)
    await custody.destroy_key(KEY)
    after = await custody.create_key(KEY, ES384)
    assert after != before
    assert ES384.holds(after, await sign(place.open()), MESSAGE)


async def test_what_works_answers(custody: KeyCustody) -> None:
    await custody.ping()


async def test_case_73_the_port_has_no_way_to_take_a_key_out(custody: KeyCustody) -> None:
    offered = {name for name in dir(custody) if not name.startswith("_")}
    assert offered - {"close"} == {"create_key", "sign", "outcome", "operations", "destroy_key", "ping"}


# ── The gate ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("nothing", [b"", b"\0" * 64, b"\0" * 64 + b"{}", b"none", b"admin" * 40])
async def test_case_75_nobody_signs_without_the_signers_activation(
    custody: KeyCustody, place: Place, uses: Uses, nothing: bytes
) -> None:
    await custody.create_key(KEY, ES256)
    await refused(place, uses, nothing)


async def test_case_75_an_administrators_own_issuer_counts_for_nothing(
    custody: KeyCustody, place: Place, uses: Uses
) -> None:
    """An administrator may run the issuer's code; without its key that opens nothing."""
    await custody.create_key(KEY, ES256)
    await refused(place, uses, ActivationIssuer(MALLORY).issue(activation(DIGEST, KEY)))
    await refused(place, uses, ActivationIssuer(Ed25519PrivateKey.generate()).issue(activation(DIGEST, KEY)))


async def test_case_74_for_another_key(custody: KeyCustody, place: Place, uses: Uses) -> None:
    await custody.create_key(KEY, ES256)
    await custody.create_key(OTHER_KEY, ES256)
    for other in (OTHER_KEY, KEY + "0", ""):
        await refused(place, uses, issued(activation(DIGEST, other)))


@pytest.mark.parametrize("message", [b"of another document", b"", MESSAGE + b"\0", MESSAGE[:-1], DIGEST])
async def test_case_74_for_other_data(custody: KeyCustody, place: Place, uses: Uses, message: bytes) -> None:
    await custody.create_key(KEY, ES256)
    await refused(place, uses, issued(activation(DIGEST, KEY)), message=message)


async def test_case_74_expired(custody: KeyCustody, place: Place, uses: Uses) -> None:
    await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    place.clock.advance(LIFETIME)
    assert isinstance(await refused(place, uses, token), ActivationExpired)


async def test_it_holds_until_the_last_moment(custody: KeyCustody, place: Place) -> None:
    public = await custody.create_key(KEY, ES256)
    place.clock.advance(LIFETIME - timedelta(seconds=1))
    assert ES256.holds(public, await sign(custody), MESSAGE)


async def test_case_74_used_twice(custody: KeyCustody, place: Place, uses: Uses) -> None:
    await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    signature = await custody.sign(KEY, MESSAGE, token)
    prolonged = issued(activation(DIGEST, KEY, expires_at=NOW + 2 * LIFETIME))
    for opened in (custody, place.open()):
        for again in (token, prolonged):
            with uses.none(), pytest.raises(ActivationUsed):
                await opened.sign(KEY, MESSAGE, again)
    assert await custody.operations(KEY) == ["act_1"]
    assert await custody.outcome(KEY, "act_1") == Outcome("done", signature)


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
    ids=str,
)
async def test_altered_claims(
    custody: KeyCustody, place: Place, uses: Uses, altered: dict[str, object]
) -> None:
    await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    claims = json.loads(token[64:])
    await refused(place, uses, token[:64] + json.dumps({**claims, **altered}, sort_keys=True).encode())


async def test_many_at_once_with_one_authorisation_use_the_key_once(
    custody: KeyCustody, place: Place, uses: Uses
) -> None:
    await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    await sign(custody, "act_0")
    before = uses.count
    at_once = await asyncio.gather(
        *(custody.sign(KEY, MESSAGE, token) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(one, bytes) for one in at_once) == 1
    assert sum(isinstance(one, ActivationUsed) for one in at_once) == 9
    assert uses.count <= before + 1
    assert await custody.operations(KEY) == ["act_0", "act_1"]


async def test_an_outcome_is_unused_then_done(custody: KeyCustody, place: Place, uses: Uses) -> None:
    await custody.create_key(KEY, ES256)
    assert await custody.outcome(KEY, "act_1") == Outcome("unused")
    signature = await sign(custody)
    with uses.none():
        for opened in (custody, place.open()):
            assert await opened.outcome(KEY, "act_1") == Outcome("done", signature)
            assert await opened.outcome(KEY, "act_2") == Outcome("unused")
            assert await opened.outcome(OTHER_KEY, "act_1") == Outcome("unused")
            assert await opened.operations(KEY) == ["act_1"]


# ── Another process ─────────────────────────────────────────────────────────────────────────────────


async def test_two_processes_that_make_a_key_at_once_make_one(shared_place: Place) -> None:
    place = shared_place
    said = {**place.for_another_process(), "do": "create", "key_id": KEY, "algorithm": "ES256"}
    answers = await asyncio.to_thread(in_other_processes, [said, said, said])
    assert {answer.get("done") for answer in answers} == {answers[0]["done"]}
    public = load_der_public_key(b64decode(answers[0]["done"]))
    custody = place.open()
    assert await custody.create_key(KEY, ES256) == public
    assert ES256.holds(public, await sign(custody), MESSAGE)


async def test_one_authorisation_in_two_processes_is_used_once(shared_place: Place) -> None:
    place, custody = shared_place, shared_place.open()
    public = await custody.create_key(KEY, ES256)
    token = issued(activation(DIGEST, KEY))
    said = {
        **place.for_another_process(),
        "do": "sign",
        "key_id": KEY,
        "message": b64encode(MESSAGE).decode(),
        "activation": b64encode(token).decode(),
    }
    answers = await asyncio.to_thread(in_other_processes, [said, said])
    done = [b64decode(answer["done"]) for answer in answers if "done" in answer]
    assert len(done) == 1
    assert {answer["failed"] for answer in answers if "failed" in answer} == {"ActivationUsed"}
    assert ES256.holds(public, done[0], MESSAGE)
    assert await custody.outcome(KEY, "act_1") == Outcome("done", done[0])


def in_other_processes(said: list[dict[str, object]]) -> list[dict[str, str]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.custody_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in said
    ]
    try:
        for process, one in zip(processes, said, strict=True):
            process.stdin.write(json.dumps(one) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        for process in processes:
            assert process.stdout.readline() == "ready\n"  # type: ignore[union-attr]
        for process in processes:
            process.stdin.write("go\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        return [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def openssl_verifies(
    algorithm: SignatureAlgorithm, public: PublicKey, signature: bytes, message: bytes, folder: Path
) -> bool:
    paths = {name: folder / name for name in ("key.pem", "signature", "message")}
    paths["key.pem"].write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    paths["signature"].write_bytes(signature)
    paths["message"].write_bytes(message)
    if algorithm == EDDSA:
        command = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-in", "message"]
        command += ["-sigfile", "signature"]
    else:
        command = ["dgst", f"-{algorithm.hash_name}", "-verify", "key.pem", "-signature", "signature"]
        if algorithm == PS256:
            command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
        command.append("message")
    judged = subprocess.run(["openssl", *command], cwd=folder, capture_output=True, check=False)
    return judged.returncode == 0
