"""A remote service that is down, slow, wrong or hostile: bounded, named, repeated only where that is safe."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from qsignhub.custody.csc.algorithms import SignAlgo
from qsignhub.custody.csc.authorization_server import OAuthClient
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.errors import (
    CscAuthorisationRefused,
    CscError,
    CscMalformed,
    CscRefused,
    CscUnauthorised,
    CscUnavailable,
)
from qsignhub.custody.csc.service_authorisation import (
    BasicLogin,
    BearerToken,
    ClientCredentials,
    NoAuthorisation,
    ServiceAuthorisation,
)
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.errors import Refused, Unavailable
from tests.custody.csc.scripted import Said, Script, scripted

TIMEOUT = 0.25
CLOCK = SettableClock(datetime(2026, 3, 1, tzinfo=UTC))
INFO = {"specs": "2.0.0.0", "methods": ["info"]}
PAGE = {"credentialIDs": ["GX0112348"]}
PIN, OTP, SECRET = "90210734", "738496", "not-for-the-log"
HASH = bytes(32)

Call = Callable[[CscClient], Awaitable[Any]]
ONCE: list[tuple[str, Call]] = [
    (
        "credentials/authorize",
        lambda client: client.authorize("GX", [HASH], "sha256", pin=PIN, otp=OTP),
    ),
    (
        "signatures/signHash",
        lambda client: client.sign_hash("GX", "the-sad", [HASH], "sha256", SignAlgo("1.2.840.10045.4.3.2")),
    ),
    ("credentials/sendOTP", lambda client: client.send_otp("GX")),
]
AGAIN: list[tuple[str, Call]] = [
    ("info", lambda client: client.info()),
    ("credentials/list", lambda client: client.list_credentials()),
    ("credentials/info", lambda client: client.credential_info("GX")),
]


@pytest.fixture
async def service() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


Build = Callable[..., CscClient]


@pytest.fixture
async def build(service: Script, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Build]:
    monkeypatch.setattr("qsignhub.custody.csc.transport._BACKOFF_SECONDS", 0.01)
    async with httpx.AsyncClient() as http:

        def client(authorisation: ServiceAuthorisation | None = None, **changes: Any) -> CscClient:
            return CscClient(
                f"{service.url}/csc/v1",
                http,
                **{
                    "version": "v1",
                    "authorisation": authorisation or NoAuthorisation(),
                    "clock": CLOCK,
                    "name": "ACME",
                    "timeout": TIMEOUT,
                }
                | changes,
            )

        yield client


BAD_WEATHER = {
    "500": Said(status=500, body={"error": "server_error"}),
    "503": Said(status=503, octets=b"<html>", content_type="text/html"),
    "429": Said(status=429),
    "dies": Said(dies=True),
    "slow": Said(INFO, delay=TIMEOUT * 3),
    "drips": Said(octets=b" " * 500, drip=0.02),
    "later": Said(status=400, body={"error": "temporarily_unavailable"}),
}
GARBAGE = {
    "not json": Said(octets=b"\x00\xff{"),
    "html": Said(octets=b"{}", content_type="text/html"),
    "a list": Said([1, 2]),
    "huge": Said(octets=b'{"specs": "' + b"a" * 300_000 + b'"}'),
    "deep": Said(octets=b"[" * 60_000),
    "nothing": Said(octets=b""),
    "compressed": Said(INFO, headers={"Content-Encoding": "gzip"}),
    "redirect": Said(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    "no fields": Said({}),
}


@pytest.mark.parametrize("weather", list(BAD_WEATHER))
@pytest.mark.parametrize(("method", "call"), AGAIN)
async def test_reading_is_repeated_three_times(
    weather: str, method: str, call: Call, service: Script, build: Build
) -> None:
    service.on(method, BAD_WEATHER[weather])
    before = time.monotonic()
    with pytest.raises(CscUnavailable) as caught:
        await call(build())
    assert isinstance(caught.value, Unavailable)
    assert len(service.calls(method)) == 3
    assert time.monotonic() - before < 3 * TIMEOUT + 1


@pytest.mark.parametrize("weather", list(BAD_WEATHER))
@pytest.mark.parametrize(("method", "call"), ONCE)
async def test_what_could_use_the_key_is_sent_once(
    weather: str, method: str, call: Call, service: Script, build: Build
) -> None:
    service.on(method, BAD_WEATHER[weather])
    with pytest.raises(CscUnavailable):
        await call(build())
    assert len(service.calls(method)) == 1


@pytest.mark.parametrize("garbage", list(GARBAGE))
@pytest.mark.parametrize(("method", "call"), [one for one in AGAIN + ONCE if one[0] != "credentials/sendOTP"])
async def test_garbage_is_not_read_and_not_asked_for_again(
    garbage: str, method: str, call: Call, service: Script, build: Build
) -> None:
    service.on(method, GARBAGE[garbage])
    with pytest.raises(CscMalformed):
        await call(build())
    assert len(service.asked) == 1


async def test_flapping(service: Script, build: Build) -> None:
    service.on("info", Said(status=503), Said(dies=True), Said(INFO))
    assert (await build().info()).specs == "2.0.0.0"
    assert len(service.asked) == 3


async def test_nobody_listens(build: Build) -> None:
    async with httpx.AsyncClient() as http:
        client = CscClient(
            "http://127.0.0.1:9/csc/v2", http, version="v2", authorisation=NoAuthorisation(), clock=CLOCK
        )
        with pytest.raises(CscUnavailable, match=r"127\.0\.0\.1 does not answer"):
            await client.info()


@pytest.mark.parametrize(
    "said",
    [
        {"credentialIDs": "GX"},
        {"credentialIDs": [7]},
        {"credentialIDs": None},
        {"credentialIDs": ["GX"] * 5000},
        {"credentialIDs": [""]},
        {"credentialIDs": [], "nextPageToken": {}},
    ],
)
async def test_wrong_types(said: dict[str, Any], service: Script, build: Build) -> None:
    service.on("credentials/list", Said(said))
    with pytest.raises(CscMalformed):
        await build().list_credentials()


@pytest.mark.parametrize(
    ("error", "which"),
    [
        ("invalid_pin", "pin"),
        ("invalid_otp", "otp"),
        ("invalid_authentication_data", "authentication"),
    ],
)
async def test_the_signer_is_told_what_was_wrong(
    error: str, which: str, service: Script, build: Build
) -> None:
    service.on("credentials/authorize", Said({"error": error, "error_description": "no"}, status=400))
    with pytest.raises(CscAuthorisationRefused) as caught:
        await ONCE[0][1](build())
    assert (caught.value.which, caught.value.error) == (which, error)
    assert isinstance(caught.value, Refused)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "description", ["SAD expired", "Invalid parameter SAD", "Hash is not authorized by the SAD."]
)
async def test_activation_data_that_is_over(description: str, service: Script, build: Build) -> None:
    service.on(
        "signatures/signHash",
        Said({"error": "invalid_request", "error_description": description}, status=400),
    )
    with pytest.raises(CscAuthorisationRefused) as caught:
        await ONCE[1][1](build())
    assert caught.value.which == "sad"


async def test_another_refusal_is_final_and_says_why(service: Script, build: Build) -> None:
    said = {"error": "invalid_request", "error_description": "Credential locked"}
    service.on("credentials/authorize", Said(said, status=400))
    with pytest.raises(CscRefused, match="credential locked") as caught:
        await ONCE[0][1](build())
    assert not isinstance(caught.value, CscAuthorisationRefused)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
@pytest.mark.parametrize(
    "body",
    [
        {"error": f"bad {PIN}", "error_description": f"PIN {PIN} and OTP {OTP} are wrong"},
        {"error": ["invalid_pin"], "error_description": {"PIN": PIN}},
        {"error": PIN * 10},
        {},
    ],
)
async def test_what_a_service_echoes_stays_out_of_errors(
    status: int, body: dict[str, Any], service: Script, build: Build
) -> None:
    service.on("credentials/authorize", Said(body, status=status))
    with pytest.raises(CscError) as caught:
        await ONCE[0][1](build())
    assert PIN not in repr(caught.value)
    assert OTP not in repr(caught.value)
    assert caught.value.__cause__ is None


async def test_nothing_secret_is_logged(
    service: Script, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sad = "sad-that-nobody-sees"
    service.on("credentials/authorize", Said({"SAD": sad}), Said({"SAD": [sad]}), Said(dies=True))
    service.on("signatures/signHash", Said(status=500))
    service.on("auth/login", Said({"access_token": SECRET}))
    client = build(BasicLogin("client", SECRET))
    seen = [caplog.text]
    assert await ONCE[0][1](client) == sad
    for _, call in [ONCE[0], ONCE[0], ONCE[1]]:
        with pytest.raises(CscError) as caught:
            await call(client)
        seen.append(repr(caught.value))
    seen += [caplog.text, repr(client), repr(BasicLogin("client", SECRET)), repr(BearerToken(SECRET))]
    seen.append(repr(OAuthClient("client", SECRET)))
    for text in seen:
        assert not [one for one in (PIN, OTP, SECRET, sad, "the-sad") if one in text]


@pytest.mark.parametrize("count", [0, 2])
async def test_wrong_number_of_signatures(count: int, service: Script, build: Build) -> None:
    service.on("signatures/signHash", Said({"signatures": [b64encode(b"s").decode()] * count}))
    with pytest.raises(CscMalformed, match=f"{count} signatures to 1"):
        await ONCE[1][1](build())


async def test_a_signature_that_is_not_base64(service: Script, build: Build) -> None:
    service.on("signatures/signHash", Said({"signatures": ["_-_-"]}))
    with pytest.raises(CscMalformed):
        await ONCE[1][1](build())


async def test_an_approval_that_never_comes(service: Script, build: Build) -> None:
    service.on("credentials/authorize", Said({"handle": "h"}, status=202))
    service.on("credentials/authorizeCheck", Said({"handle": "h"}, status=202))
    with pytest.raises(CscUnavailable, match="approval"):
        await ONCE[0][1](build(version="v2", approval_timeout=0.8))
    assert len(service.calls("credentials/authorizeCheck")) == 1


def tokens(service: Script, *values: str, expires_in: int | None = 3600) -> None:
    service.on("info", Said(INFO | {"oauth2": service.url}))
    service.on(
        "oauth2/token",
        *(
            Said(
                {"access_token": one, "token_type": "Bearer"}
                | ({"expires_in": expires_in} if expires_in else {})
            )
            for one in values
        ),
    )


CREDENTIALS = ClientCredentials(OAuthClient("us", SECRET))


async def test_a_token_is_held_until_it_ends(service: Script, build: Build) -> None:
    clock = SettableClock(datetime(2026, 3, 1, tzinfo=UTC))
    tokens(service, "t1", "t2", expires_in=600)
    service.on("credentials/list", Said(PAGE))
    client = build(CREDENTIALS, clock=clock)
    await asyncio.gather(*(client.list_credentials() for _ in range(5)))
    clock.advance(timedelta(seconds=569))
    await client.list_credentials()
    assert len(service.calls("oauth2/token")) == 1
    clock.advance(timedelta(seconds=1))
    await client.list_credentials()
    assert service.asked[-1].headers["authorization"] == "Bearer t2"
    assert len(service.calls("oauth2/token")) == 2
    assert service.calls("oauth2/token")[0].form == {
        "grant_type": "client_credentials",
        "client_id": "us",
        "client_secret": SECRET,
        "scope": "service",
    }


async def test_the_secret_in_the_header(service: Script, build: Build) -> None:
    tokens(service, "t1")
    service.on("credentials/list", Said(PAGE))
    await build(ClientCredentials(OAuthClient("u:s", "a b+", "header"), scope=None)).list_credentials()
    (asked,) = service.calls("oauth2/token")
    # RFC 6749, section 2.3.1: form-encoded before base64
    assert asked.headers["authorization"] == "Basic " + b64encode(b"u%3As:a%20b%2B").decode()
    assert asked.form == {"grant_type": "client_credentials", "client_id": "u:s"}


async def test_401_gets_a_reading_call_one_new_token(service: Script, build: Build) -> None:
    tokens(service, "t1", "t2")
    service.on("credentials/list", Said({"error": "invalid_token"}, status=401), Said(PAGE))
    await build(CREDENTIALS).list_credentials()
    assert [one.headers["authorization"] for one in service.calls("credentials/list")] == [
        "Bearer t1",
        "Bearer t2",
    ]


async def test_401_again_is_the_operators_matter(service: Script, build: Build) -> None:
    tokens(service, "t1", "t2")
    service.on("credentials/list", Said({"error": "invalid_token"}, status=401))
    with pytest.raises(CscUnauthorised) as caught:
        await build(CREDENTIALS).list_credentials()
    assert isinstance(caught.value, Unavailable)
    assert len(service.calls("credentials/list")) == 2
    assert len(service.calls("oauth2/token")) == 2


@pytest.mark.parametrize(("method", "call"), ONCE)
async def test_401_repeats_nothing_that_could_use_the_key(
    method: str, call: Call, service: Script, build: Build
) -> None:
    tokens(service, "t1", "t2")
    service.on(method, Said(status=401))
    service.on("credentials/list", Said(PAGE))
    client = build(CREDENTIALS)
    with pytest.raises(CscUnauthorised):
        await call(client)
    assert len(service.calls(method)) == 1
    await client.list_credentials()  # with a fresh token
    assert service.asked[-1].headers["authorization"] == "Bearer t2"


async def test_a_given_token_is_not_renewed(service: Script, build: Build) -> None:
    service.on("credentials/list", Said(status=401))
    with pytest.raises(CscUnauthorised):
        await build(BearerToken("given")).list_credentials()
    assert service.methods() == ["credentials/list"]


async def test_wrong_client_credentials(service: Script, build: Build) -> None:
    service.on("info", Said(INFO | {"oauth2": service.url}))
    service.on("oauth2/token", Said({"error": "invalid_client"}, status=400))
    with pytest.raises(CscUnauthorised):
        await build(CREDENTIALS).list_credentials()
    assert len(service.calls("oauth2/token")) == 1


async def test_the_server_by_its_issuer(service: Script, build: Build) -> None:
    issuer = f"{service.url}/realms/qtsp"
    metadata = {
        "issuer": issuer,
        "authorization_endpoint": f"{service.url}/a",
        "token_endpoint": f"{service.url}/t",
    }
    service.on("info", Said(INFO | {"oauth2Issuer": issuer}))
    service.on(".well-known/oauth-authorization-server/realms/qtsp", Said(metadata))
    service.on("t", Said({"access_token": "x"}))
    service.on("credentials/list", Said(PAGE))
    await build(CREDENTIALS).list_credentials()
    assert service.calls("t")
    service.on(
        ".well-known/oauth-authorization-server/realms/qtsp", Said(metadata | {"issuer": "https://else"})
    )
    with pytest.raises(CscMalformed, match="issuer"):
        await build(CREDENTIALS).list_credentials()


@pytest.mark.parametrize("code", ["wrong", "used"])
async def test_a_code_is_tried_once(code: str, service: Script, build: Build) -> None:
    service.on("info", Said(INFO | {"oauth2": f"{service.url}/oauth2/"}))
    service.on("oauth2/token", Said({"error": "invalid_grant"}, status=400))
    client = build(oauth_client=OAuthClient("us"))
    with pytest.raises(CscAuthorisationRefused) as caught:
        await client.redeem(code, redirect_uri="https://r", code_verifier="v" * 43)
    assert caught.value.which == "code"
    (asked,) = service.calls("oauth2/token")
    assert asked.form["code_verifier"] == "v" * 43


async def test_a_service_with_tls_does_not_send_us_to_http(service: Script) -> None:
    async def answer() -> AsyncIterator[bytes]:
        yield b'{"specs": "2.0.0.0", "methods": [], "oauth2": "http://www.domain.org/"}'

    headers = {"Content-Type": "application/json"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=answer()))
    async with httpx.AsyncClient(transport=transport) as http:
        client = CscClient(
            "https://service.domain.org/csc/v2",
            http,
            version="v2",
            authorisation=CREDENTIALS,
            clock=CLOCK,
        )
        with pytest.raises(CscMalformed, match="not safe"):
            await client.list_credentials()
