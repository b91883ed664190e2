"""Signers' keys at a remote service: which of them can sign now, and why the others cannot."""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from asn1crypto.algos import RSASSAPSSParams
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qsignhub.custody.csc.algorithms import sign_algo
from qsignhub.custody.csc.authorization_server import OAuthClient
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import RemoteCredentials
from qsignhub.custody.csc.errors import CredentialNotFound, CredentialUnusable, CscMalformed, CscUnavailable
from qsignhub.custody.csc.model import Version
from qsignhub.custody.csc.service_authorisation import NoAuthorisation
from qsignhub.foundation.clock import SettableClock
from tests.custody.csc.keys import (
    EC_KEY,
    ECDSA_SHA256,
    ECDSA_SHA384,
    NOW,
    RSA,
    RSA_PSS,
    RSA_SHA256,
    certificate,
    described,
    ec_key,
    rsa_key,
)
from tests.custody.csc.scripted import Said, Script, scripted

PIN = {"type": "Password", "id": "PIN"}


@pytest.fixture
async def service() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def remote(
    service: Script, http: httpx.AsyncClient, version: Version = "v1", **changes: bool
) -> RemoteCredentials:
    clock = SettableClock(NOW)
    client = CscClient(
        f"{service.url}/csc/{version}",
        http,
        version=version,
        authorisation=NoAuthorisation(),
        clock=clock,
        name="ACME",
        timeout=5,
        oauth_client=OAuthClient("us"),
    )
    return RemoteCredentials(client, clock, **changes)


def by_id(**said: dict[str, Any]) -> Any:
    return lambda asked: Said(said[asked.json["credentialID"]])


async def test_the_first_that_can_sign(service: Script, http: httpx.AsyncClient) -> None:
    key = ec_key()
    good, issuer = certificate(key), certificate(ec_key())
    service.on("credentials/list", Said({"credentialIDs": ["off", "old", "good", "other"]}))
    service.on(
        "credentials/info",
        by_id(
            off=described(good, key={"status": "disabled", "algo": [ECDSA_SHA256]}),
            old=described(certificate(key, end=NOW - timedelta(seconds=1))),
            good=described(good, chain=(issuer,), SCAL="2"),
        ),
    )
    found = await remote(service, http).find("anna")
    assert (found.id, found.certificate, found.chain, found.scal) == ("good", good, (issuer,), "2")
    assert found.algorithm.name == "ES256"
    assert service.calls("credentials/list")[0].json == {"userID": "anna"}
    assert found.digest(b"text") == hashlib.sha256(b"text").digest()


async def test_a_list_of_several_pages(service: Script, http: httpx.AsyncClient) -> None:
    good = described(certificate(ec_key()))
    off = good | {"key": {"status": "disabled", "algo": [ECDSA_SHA256]}}
    service.on(
        "credentials/list",
        Said({"credentialIDs": ["a", "b"], "nextPageToken": "2"}),
        Said({"credentialIDs": ["b", "c"], "nextPageToken": "3"}),
        Said({"credentialIDs": ["d"]}),
    )
    service.on("credentials/info", by_id(a=off, b=off, c=off, d=good))
    assert (await remote(service, http).find()).id == "d"
    assert [one.json for one in service.calls("credentials/list")] == [
        {},
        {"pageToken": "2"},
        {"pageToken": "3"},
    ]
    assert len(service.calls("credentials/info")) == 4


async def test_a_list_without_end(service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/list", Said({"credentialIDs": ["a"], "nextPageToken": "again"}))
    with pytest.raises(CscMalformed):
        await remote(service, http).find()
    assert len(service.asked) == 20


async def test_v2_describes_them_in_the_list(service: Script, http: httpx.AsyncClient) -> None:
    infos = [described(certificate(ec_key()), v2=True) | {"credentialID": "a"}]
    service.on("credentials/list", Said({"credentialIDs": ["a"], "credentialInfos": infos}))
    assert (await remote(service, http, "v2").find()).id == "a"
    assert service.methods() == ["credentials/list"]


async def test_there_is_none(service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/list", Said({"credentialIDs": []}))
    with pytest.raises(CredentialNotFound):
        await remote(service, http).find("anna")


async def test_an_unknown_one(service: Script, http: httpx.AsyncClient) -> None:
    said = {"error": "invalid_request", "error_description": "Invalid parameter credentialID"}
    service.on("credentials/info", Said(said, status=400))
    with pytest.raises(CredentialNotFound):
        await remote(service, http).get("x")


async def test_an_outage_is_not_an_unusable_credential(service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/list", Said({"credentialIDs": ["a"]}))
    service.on("credentials/info", Said(status=503))
    with pytest.raises(CscUnavailable):
        await remote(service, http).find()


UNUSABLE = {
    "disabled": lambda: described(certificate(ec_key()), key={"status": "disabled", "algo": [ECDSA_SHA256]}),
    "revoked": lambda: described(certificate(ec_key()), cert={"status": "revoked"}),
    "suspended": lambda: described(certificate(ec_key()), cert={"status": "suspended"}),
    "not valid now": lambda: described(certificate(ec_key(), start=NOW + timedelta(seconds=1))),
    "key usage": lambda: described(certificate(ec_key(), content_commitment=False)),
    "no algorithm": lambda: described(certificate(ec_key()), ECDSA_SHA384),
    "no algorithm for": lambda: described(certificate(ec_key(ec.SECP521R1())), ECDSA_SHA256),
    "2048 bits": lambda: described(certificate(rsa_key(2048)), RSA_SHA256),
    "not used with signHash": lambda: described(certificate(Ed25519PrivateKey.generate()), "1.3.101.112"),
}


@pytest.mark.parametrize("why", list(UNUSABLE))
async def test_unusable(why: str, service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/list", Said({"credentialIDs": ["GX"]}))
    service.on("credentials/info", Said(UNUSABLE[why]()))
    with pytest.raises(CredentialUnusable, match=why):
        await remote(service, http).get("GX")
    with pytest.raises(CredentialUnusable, match=f"GX: .*{why}"):
        await remote(service, http).find()


@pytest.mark.parametrize("certificates", [[], ["AAAA"], ["no base64!"], ["MIIB", "MIIB"]])
async def test_certificates_that_cannot_be_read(
    certificates: list[str], service: Script, http: httpx.AsyncClient
) -> None:
    said = described(certificate(ec_key()), cert={"certificates": certificates})
    service.on("credentials/info", Said(said))
    with pytest.raises(CscMalformed):
        await remote(service, http).get("GX")


@pytest.mark.parametrize(
    ("bits", "offered", "names"),
    [
        (3072, [RSA_SHA256, RSA_PSS], ["PS256", "RS256"]),
        (3072, [RSA], ["RS256"]),
        (3072, [RSA_PSS], ["PS256"]),
        (2048, [RSA_SHA256], ["RS256"]),
    ],
)
async def test_rsa(
    bits: int, offered: list[str], names: list[str], service: Script, http: httpx.AsyncClient
) -> None:
    service.on("credentials/info", Said(described(certificate(rsa_key(bits)), *offered)))
    found = await remote(service, http, allow_rsa_2048=bits < 3000).get("GX")
    assert [one.name for one in found.algorithms] == names


@pytest.mark.parametrize("offered", [ECDSA_SHA384, EC_KEY])
async def test_p384(offered: str, service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/info", Said(described(certificate(ec_key(ec.SECP384R1())), offered)))
    found = await remote(service, http).get("GX")
    assert found.algorithm.name == "ES384"
    assert len(found.digest(b"")) == 48


async def test_no_key_usage_is_no_restriction(service: Script, http: httpx.AsyncClient) -> None:
    service.on("credentials/info", Said(described(certificate(ec_key(), usage=False))))
    assert (await remote(service, http).get("GX")).algorithm.name == "ES256"


async def test_an_online_code_is_sent(service: Script, http: httpx.AsyncClient) -> None:
    otp = {"presence": "true", "type": "online"}
    service.on("credentials/info", Said(described(certificate(ec_key()), authMode="explicit", OTP=otp)))
    service.on("credentials/sendOTP", Said(status=204))
    credentials = remote(service, http)
    await credentials.send_otp(await credentials.get("GX"))
    assert service.calls("credentials/sendOTP")[0].json == {"credentialID": "GX"}


async def test_v2_sends_a_challenge(service: Script, http: httpx.AsyncClient) -> None:
    auth = {"mode": "explicit", "objects": [PIN, {"type": "ChallengeResponse", "id": "SMS"}]}
    service.on("credentials/info", Said(described(certificate(ec_key()), auth=auth)))
    service.on("credentials/getChallenge", Said(status=204))
    credentials = remote(service, http, "v2")
    await credentials.send_otp(await credentials.get("GX"))
    assert service.calls("credentials/getChallenge")[0].json == {"credentialID": "GX", "authObjectID": "SMS"}


async def test_no_code_is_sent_where_the_signers_device_makes_it(
    service: Script, http: httpx.AsyncClient
) -> None:
    service.on("credentials/info", Said(described(certificate(ec_key()))))
    credentials = remote(service, http)
    with pytest.raises(CredentialUnusable):
        await credentials.send_otp(await credentials.get("GX"))
    assert service.methods() == ["credentials/info"]


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_consent_is_for_the_very_hash(
    version: Version, service: Script, http: httpx.AsyncClient
) -> None:
    service.on("credentials/info", Said(described(certificate(ec_key()), authMode="oauth2code")))
    service.on("info", Said({"specs": "1.0.4.0", "methods": [], "oauth2": service.url}))
    credentials = remote(service, http, version)
    consent = await credentials.consent(
        await credentials.get("GX"), b"text", redirect_uri="https://us/back?a=b", state="s t", lang="pl"
    )
    url = urlsplit(consent.url)
    assert consent.url.startswith(f"{service.url}/oauth2/authorize?")
    asked = {name: value for name, (value,) in parse_qs(url.query, strict_parsing=True).items()}
    digest = urlsafe_b64encode(hashlib.sha256(b"text").digest()).decode().rstrip("=")
    assert asked["hash" if version == "v1" else "hashes"] == digest
    assert asked.get("hashAlgorithmOID") == (None if version == "v1" else "2.16.840.1.101.3.4.2.1")
    assert (asked["redirect_uri"], asked["state"], asked["lang"]) == ("https://us/back?a=b", "s t", "pl")
    assert (asked["scope"], asked["credentialID"], asked["numSignatures"]) == ("credential", "GX", "1")
    challenge = urlsafe_b64encode(hashlib.sha256(consent.code_verifier.encode()).digest()).decode()
    assert asked["code_challenge"] == challenge.rstrip("=")
    assert consent.code_verifier not in repr(consent)


def test_pss_parameters_are_der() -> None:
    how = sign_algo("PS256", "sha256", [RSA_PSS])
    assert how is not None
    assert how.parameters is not None
    # RFC 8017, A.2.3 with SHA-256, MGF1 of SHA-256 and 32 octets of salt, as openssl writes it
    assert b64decode(how.parameters).hex() == (
        "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500"
        "a203020120"
    )
    assert RSASSAPSSParams.load(b64decode(how.parameters))["trailer_field"].native == "trailer_field_bc"


def test_an_algorithm_that_is_not_offered() -> None:
    assert sign_algo("ES256", "sha256", [RSA]) is None
    assert sign_algo("EDDSA", "sha512", ["1.3.101.112"]) is None
