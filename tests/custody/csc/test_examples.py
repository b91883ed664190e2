"""The examples that the CSC specification prints: our requests are theirs, and their answers are read.

Where an example comes from, and where it deviates from the print, stands in its file.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from qsignhub.custody.csc.algorithms import SignAlgo
from qsignhub.custody.csc.authentication import demands
from qsignhub.custody.csc.authorization_server import OAuthClient
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.errors import CscRefused
from qsignhub.custody.csc.model import Version
from qsignhub.custody.csc.oauth import ConsentRequest, Verifier
from qsignhub.custody.csc.service_authorisation import BasicLogin, BearerToken, ServiceAuthorisation
from qsignhub.foundation.clock import SettableClock
from tests.custody.csc.scripted import Said, Script, scripted

EXAMPLES = Path(__file__).parent / "examples"
TOKEN = BearerToken("4/CKN69L8gdSYp5_pwH3XlFQZ3ndFhkXf9P2_TiHRG-bA")
CLIENT = OAuthClient("<OAuth2_client_id>", "<OAuth2_client_secret>")
SAD = "_TiHRG-bAH3XlFQZ3ndFhkXf9P24/CKN69L8gdSYp5_pw"
HASHES = [
    b64decode(value)
    for value in (
        "sTOgwOm+474gFj0q0x1iSNspKqbcse4IeiqlDg/HWuI=",
        "c1RPZ3dPbSs0NzRnRmowcTB4MWlTTnNwS3FiY3NlNEllaXFsRGcvSFd1ST0=",
    )
]
SHA_256_WITH_RSA_KEY = SignAlgo("1.2.840.113549.1.1.1")
Build = Callable[..., CscClient]


def example(version: Version, name: str) -> dict[str, Any]:
    said = json.loads((EXAMPLES / version / f"{name}.json").read_text())
    assert isinstance(said, dict)
    return said


def printed(example: dict[str, Any]) -> Said:
    return Said(example["response"]["body"], status=example["response"]["status"])


@pytest.fixture
async def service() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


@pytest.fixture
async def build(service: Script) -> AsyncIterator[Build]:
    async with httpx.AsyncClient() as http:

        def client(version: Version, authorisation: ServiceAuthorisation = TOKEN) -> CscClient:
            return CscClient(
                f"{service.url}/csc/{version}",
                http,
                version=version,
                authorisation=authorisation,
                clock=SettableClock(datetime(2026, 3, 1, tzinfo=UTC)),
                oauth_client=CLIENT,
            )

        yield client


Act = Callable[[CscClient], Awaitable[Any]]


def listing(client: CscClient) -> Awaitable[Any]:
    if client.version == "v1":
        return client.list_credentials(max_results=10)
    return client.list_credentials(described=True)


def authorize(client: CscClient) -> Awaitable[Any]:
    if client.version == "v1":
        shown: dict[str, Any] = {"pin": "12345678", "otp": "738496"}
    else:
        shown = {"auth_data": [{"id": "PIN", "value": "123456"}, {"id": "OTP", "value": "738496"}]}
    return client.authorize("GX0112348", HASHES, "sha256", client_data="12345678", **shown)


def sign(client: CscClient) -> Awaitable[Any]:
    return client.sign_hash("GX0112348", SAD, HASHES, "sha256", SHA_256_WITH_RSA_KEY, client_data="12345678")


CALLS: list[tuple[Version, str, str, Act]] = [
    ("v1", "info", "info", lambda client: client.info()),
    ("v1", "credentials_list", "credentials/list", listing),
    ("v1", "credentials_info", "credentials/info", lambda client: client.credential_info("GX0112348")),
    (
        "v1",
        "credentials_sendotp",
        "credentials/sendOTP",
        lambda client: client.send_otp("GX0112348", client_data="12345678"),
    ),
    ("v1", "credentials_authorize", "credentials/authorize", authorize),
    ("v1", "signatures_signhash", "signatures/signHash", sign),
    ("v2", "info", "info", lambda client: client.info()),
    ("v2", "credentials_list", "credentials/list", listing),
    ("v2", "credentials_info", "credentials/info", lambda client: client.credential_info("GX0112348")),
    (
        "v2",
        "credentials_getchallenge",
        "credentials/getChallenge",
        lambda client: client.get_challenge("GX0112348", "fallback question"),
    ),
    (
        "v2",
        "credentials_getchallenge_out_of_band",
        "credentials/getChallenge",
        lambda client: client.get_challenge("GX0112348", "OTP"),
    ),
    ("v2", "credentials_authorize", "credentials/authorize", authorize),
    ("v2", "signatures_signhash", "signatures/signHash", sign),
]


@pytest.mark.parametrize(
    ("version", "name", "method", "act"), CALLS, ids=[f"{v}-{n}" for v, n, _, _ in CALLS]
)
async def test_our_request_is_the_printed_one(
    version: Version, name: str, method: str, act: Act, service: Script, build: Build
) -> None:
    said = example(version, name)
    service.on(method, printed(said))
    await act(build(version))
    (asked,) = service.asked
    wanted = said["request"]
    assert (asked.method, asked.path) == (wanted["method"], wanted["path"])
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers.get("authorization") == wanted.get("authorization")
    assert asked.json == wanted["body"]


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_login(version: Version, service: Script, build: Build) -> None:
    said = example(version, "auth_login")
    service.on("auth/login", printed(said)).on(
        "credentials/list", printed(example(version, "credentials_list"))
    )
    await build(version, BasicLogin("client", "secret")).list_credentials()
    (login,), (listed,) = service.calls("auth/login"), service.calls("credentials/list")
    assert login.path == said["request"]["path"]
    assert login.headers["authorization"] == said["request"]["authorization"]
    assert login.json == {}  # not to be remembered
    assert listed.headers["authorization"] == f"Bearer {said['response']['body']['access_token']}"


async def test_v1_answers_are_read(service: Script, build: Build) -> None:
    for _, name, method, _ in (call for call in CALLS if call[0] == "v1"):
        service.on(method, printed(example("v1", name)))
    client = build("v1")
    info = await client.info()
    assert (info.specs, info.oauth2, info.auth_types) == (
        "1.0.3.0",
        "https://www.domain.org/",
        ["basic", "oauth2code"],
    )
    assert "signatures/signHash" in info.methods
    page = await client.list_credentials()
    assert page.ids == ["GX0112348", "HX0224685"]
    assert page.next_page is None
    credential = await client.credential_info("GX0112348")
    assert credential.key.status == "enabled"
    assert credential.key.algorithms == ["1.2.840.113549.1.1.1", "0.4.0.127.0.7.1.1.4.1.3"]
    assert credential.cert.status == "valid"
    assert len(credential.cert.certificates) == 3
    asks = demands(credential)
    assert (asks.mode, asks.pin, asks.otp, credential.scal) == ("explicit", True, "offline", "1")
    assert await authorize(client) == SAD
    signatures = await sign(client)
    assert [len(value) for value in signatures] == [40, 40]


async def test_v2_answers_are_read(service: Script, build: Build) -> None:
    for _, name, method, _ in (call for call in CALLS if call[0] == "v2"):
        service.on(method, printed(example("v2", name)))
    client = build("v2")
    assert (await client.info()).specs == "2.0.0.0"
    page = await client.list_credentials(described=True)
    assert page.ids == ["GX0112348", "HX0224685"]
    assert [one.id for one in page.described] == ["GX0112348"]
    for credential in (page.described[0], await client.credential_info("GX0112348")):
        asks = demands(credential)
        assert (asks.mode, asks.pin, asks.otp) == ("explicit", True, "offline")
        assert asks.shown("123456", "738496") == [
            {"id": "PIN", "value": "123456"},
            {"id": "OTP", "value": "738496"},
        ]
        assert asks.shown("123456", None) is None
    assert await authorize(client) == SAD
    assert [len(value) for value in await sign(client)] == [40, 40]


async def test_v2_challenges_are_read(service: Script, build: Build) -> None:
    service.on(
        "credentials/getChallenge",
        printed(example("v2", "credentials_getchallenge")),
        printed(example("v2", "credentials_getchallenge_out_of_band")),
    )
    client = build("v2")
    assert await client.get_challenge("GX0112348", "x") == "What's your mother's birth name?"
    assert await client.get_challenge("GX0112348", "OTP") is None


async def test_v2_an_approval_that_is_underway_is_waited_for(service: Script, build: Build) -> None:
    underway, check = (example("v2", f"credentials_authorize{name}") for name in ("_underway", "check"))
    service.on("credentials/authorize", printed(underway))
    service.on("credentials/authorizeCheck", printed(underway), printed(check))
    assert await authorize(build("v2")) == SAD
    assert [asked.json for asked in service.calls("credentials/authorizeCheck")] == [
        check["request"]["body"],
        check["request"]["body"],
    ]


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_consent(version: Version, service: Script, build: Build) -> None:
    said = example(version, "oauth2_authorize_credential")
    service.on("info", printed(example(version, "info")))
    query = said["request"]["query"]
    request = ConsentRequest(
        client_id="<OAuth2_client_id>",
        redirect_uri="<OAuth2_redirect_uri>",
        credential_id="GX0112348",
        hashes=[urlsafe_b64decode(query["hash" if version == "v1" else "hashes"])],
        hash_name="sha256",
        state="12345678",
        code_challenge=query.get("code_challenge"),
    )
    url = urlsplit(request.url(said["request"]["endpoint"], version))
    assert f"{url.scheme}://{url.netloc}{url.path}" == said["request"]["endpoint"]
    assert parse_qsl(url.query, strict_parsing=True) == list(query.items())


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_code_is_redeemed(version: Version, service: Script, build: Build) -> None:
    said = example(version, "oauth2_token_credential")
    # the base that info names is this server's
    service.on("info", Said(example(version, "info")["response"]["body"] | {"oauth2": service.url + "/"}))
    service.on("oauth2/token", printed(said))
    sad = await build(version).redeem(
        "FhkXf9P269L8g", redirect_uri="<OAuth2_redirect_uri>", code_verifier=None
    )
    assert sad == said["response"]["body"]["access_token"]
    (asked,) = service.calls("oauth2/token")
    assert (asked.method, asked.path) == (said["request"]["method"], said["request"]["path"])
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == said["request"]["form"]


async def test_the_base_that_info_names(service: Script, build: Build) -> None:
    service.on("info", printed(example("v2", "info")))
    request = ConsentRequest("c", "https://r", "GX", [bytes(32)], "sha256", "s", None)
    # this service is reached without TLS, so the printed https base is taken
    assert (await build("v2").consent_url(request)).startswith("https://www.domain.org/oauth2/authorize?")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_error_is_read(version: Version, service: Script, build: Build) -> None:
    service.on("info", printed(example(version, "error")))
    with pytest.raises(CscRefused, match="HTTP 400, invalid_request") as refused:
        await build(version).info()
    assert refused.value.error == "invalid_request"


def test_pkce_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = Verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert verifier.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert Verifier.fresh() != Verifier.fresh()


def test_every_example_says_where_it_comes_from() -> None:
    files = sorted(EXAMPLES.glob("v?/*.json"))
    assert len(files) == 23
    for path in files:
        said = json.loads(path.read_text())
        assert said["clause"]
        assert said["transcribed"] or said["note"], path
