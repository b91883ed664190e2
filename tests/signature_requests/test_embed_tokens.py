"""Embed tokens: checked by PyJWT against the published key set, and everything hostile refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from qsignhub.bootstrap import Services
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.register import Vault
from qsignhub.foundation.sealing import MasterKey
from qsignhub.signature_requests.embed_tokens import EmbedTokens, _thumbprint, open_embed_tokens
from qsignhub.signature_requests.errors import EmbedTokenInvalid
from tests.api.serving import application, asking, new_key
from tests.support.making import SUCCESS, make_document, make_scope

NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
ISSUER = "https://sign.example"
REQUEST = "sreq_7Yx4kP9nQ3mB2wR1"
LATER = NOW + timedelta(days=30)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def tokens(clock: SettableClock) -> EmbedTokens:
    return EmbedTokens(KEY, ISSUER, clock)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    genuine = {
        "iss": ISSUER,
        "sub": REQUEST,
        "aud": "qsignhub-embed",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        "mode": "test",
        "jti": "b" * 32,
    }
    return {name: value for name, value in (genuine | changes).items() if value is not None}


def signed(
    tokens: EmbedTokens, key: Any = KEY, algorithm: str = "RS256", header: Any = None, **changes: Any
) -> str:
    kid = {"kid": tokens.jwks()["keys"][0]["kid"]}
    return jwt.encode(claims(**changes), key, algorithm, headers=kid | (header or {}))


async def test_a_stranger_verifies_it_by_the_published_key(tokens: EmbedTokens, clock: SettableClock) -> None:
    token = await tokens.issue(REQUEST, "live", LATER)
    published = jwt.PyJWKSet.from_dict(json.loads(json.dumps(tokens.jwks())))
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    found = jwt.decode(
        token,
        published[header["kid"]],
        algorithms=["RS256"],
        audience="qsignhub-embed",
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )
    jti = found.pop("jti")
    assert found == {
        "iss": ISSUER,
        "sub": REQUEST,
        "aud": "qsignhub-embed",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=24)).timestamp()),
        "mode": "live",
    }
    ours = tokens.verify(token)
    assert (ours.request_id, ours.mode, ours.token_id) == (REQUEST, "live", jti)
    assert ours.expires_at == NOW + timedelta(hours=24)
    assert (
        jwt.decode(await tokens.issue(REQUEST, "live", LATER), options={"verify_signature": False})["jti"]
        != jti
    )


async def test_it_ends_with_the_request_and_by_the_clock(tokens: EmbedTokens, clock: SettableClock) -> None:
    token = await tokens.issue(REQUEST, "test", NOW + timedelta(hours=2))
    clock.advance(timedelta(hours=2, seconds=-1))
    assert tokens.verify(token).expires_at == NOW + timedelta(hours=2)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(EmbedTokenInvalid) as caught:
        tokens.verify(token)
    assert caught.value.code == "EMBED_TOKEN_INVALID"


def test_the_key_set_holds_nothing_private_and_names_the_key_by_its_thumbprint(tokens: EmbedTokens) -> None:
    (key,) = tokens.jwks()["keys"]
    assert key.keys() == {"kty", "n", "e", "use", "alg", "kid"}
    required = f'{{"e":"{key["e"]}","kty":"RSA","n":"{key["n"]}"}}'
    digest = base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest())
    assert key["kid"] == digest.decode().rstrip("=")


def test_the_thumbprint_is_that_of_the_standard_s_example() -> None:
    """RFC 7638 clause 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi"
        "FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb"
        "9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls"
        "1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    assert (
        _thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"})
        == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    )


def hmac_under_the_public_key(tokens: EmbedTokens) -> str:
    """What a library signs that takes the key for a secret; PyJWT itself would refuse to make it."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': tokens.jwks()['keys'][0]['kid']})}.{part(claims())}"
    mac = hmac.new(public, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsigned(tokens: EmbedTokens, name: str) -> str:
    return f"{part({'alg': name, 'kid': tokens.jwks()['keys'][0]['kid']})}.{part(claims())}."


def altered(tokens: EmbedTokens) -> str:
    head, _, signature = signed(tokens).split(".")
    return f"{head}.{part(claims(sub='sreq_0000000000000000'))}.{signature}"


def key_of_its_own(tokens: EmbedTokens) -> str:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True)
    return signed(tokens, OTHER_KEY, header={"jwk": jwk, "jku": "https://evil.example/jwks.json"})


HOSTILE: dict[str, Callable[[EmbedTokens], str]] = {
    "alg none": lambda t: unsigned(t, "none"),
    "alg None": lambda t: unsigned(t, "None"),
    "alg none with a genuine signature": lambda t: unsigned(t, "none") + signed(t).rsplit(".", 1)[1],
    "HS256 under the public key": hmac_under_the_public_key,
    "PS256 by the right key": lambda t: signed(t, algorithm="PS256"),
    "RS512 by the right key": lambda t: signed(t, algorithm="RS512"),
    "another key": lambda t: signed(t, OTHER_KEY),
    "a key that the header brings": key_of_its_own,
    "another kid": lambda t: signed(t, header={"kid": "other"}),
    "an extension that must be understood": lambda t: signed(t, header={"crit": ["b64"], "b64": True}),
    "an altered claim": altered,
    "no signature": lambda t: signed(t).rsplit(".", 1)[0] + ".",
    "another audience": lambda t: signed(t, aud="somebody-else"),
    "one audience of several": lambda t: signed(t, aud=["somebody-else", "qsignhub-embed"]),
    "no audience": lambda t: signed(t, aud=None),
    "another issuer": lambda t: signed(t, iss="https://evil.example"),
    "no issuer": lambda t: signed(t, iss=None),
    "expired": lambda t: signed(t, exp=int(NOW.timestamp())),
    "no expiry": lambda t: signed(t, exp=None),
    "an expiry that is no number": lambda t: signed(t, exp="tomorrow"),
    "an expiry beyond all calendars": lambda t: signed(t, exp=10**20),
    "issued in the future": lambda t: signed(t, iat=int((NOW + timedelta(hours=1)).timestamp())),
    "no request": lambda t: signed(t, sub=None),
    "a request that is no text": lambda t: signed(t, sub=7),
    "another world": lambda t: signed(t, mode="production"),
    "a list for a world": lambda t: signed(t, mode=["live"]),
    "claims that are no object": lambda t: jwt.PyJWS().encode(b"[]", KEY, "RS256"),
    "empty": lambda t: "",
    "dots": lambda t: "..",
    "no token": lambda t: "eyJhbGciOiJSUzI1NiJ9",
    "not ASCII": lambda t: signed(t).replace(".", ".é", 1),
    "endless": lambda t: signed(t) + "A" * 10_000_000,
    "nested deeply": lambda t: base64.urlsafe_b64encode(b"[" * 2400).decode() + ".e30.e30",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_case_36_hostile_tokens(tokens: EmbedTokens, name: str) -> None:
    assert tokens.verify(signed(tokens)).request_id == REQUEST  # what is changed here is all that is wrong
    with pytest.raises(EmbedTokenInvalid):
        tokens.verify(HOSTILE[name](tokens))


async def test_the_key_is_made_once_sealed_and_strong(database: Database, clock: SettableClock) -> None:
    vault = Vault(database, MasterKey(b"k" * 32))
    first = await open_embed_tokens(vault, ISSUER, clock)
    again = await open_embed_tokens(vault, f"{ISSUER}/", clock)
    assert again.verify(await first.issue(REQUEST, "test", LATER)).request_id == REQUEST
    async with database.transaction() as tx:
        cursor = await tx.execute("SELECT kind, name, sealed FROM vault")
        (row,) = await cursor.fetchall()
    encoded = await vault.reveal(row["kind"], row["name"])
    assert encoded is not None
    key = load_der_private_key(encoded, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size >= 2048
    assert encoded not in bytes(row["sealed"])
    assert key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) == encoded


async def test_the_answer_to_a_new_request_carries_one_and_the_key_is_published(services: Services) -> None:
    document = await make_document(services, await make_scope(services))
    body = {"document_id": document.id, "signers": [{"name": "Sam", "email": SUCCESS}]}
    async with asking(application(services), key=await new_key(services)) as client:
        created = (await client.post("/v1/signature-requests", json=body)).json()
        shown = (await client.get(f"/v1/signature-requests/{created['id']}")).json()
        answer = await client.get("/.well-known/jwks.json", headers={"X-API-Key": ""})
    assert "embed_token" not in shown
    assert answer.headers["cache-control"] == "public, max-age=3600"
    key = jwt.PyJWKSet.from_dict(answer.json()).keys[0]
    found = jwt.decode(created["embed_token"], key, algorithms=["RS256"], audience="qsignhub-embed")
    assert (found["sub"], found["mode"], found["iss"]) == (created["id"], "test", services.settings.base_url)
    assert services.embed_tokens.verify(created["embed_token"]).request_id == created["id"]
