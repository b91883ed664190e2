"""pyHanko has a CSC client of its own (v1): for the same credential and data, both ask for the same."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx
import pytest
from asn1crypto.algos import RSASSAPSSParams
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    PrefetchedSADAuthorizationManager,
    fetch_certs_in_csc_credential,
)

from qsignhub.custody.csc.algorithms import sign_algo
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import RemoteCredentials
from qsignhub.custody.csc.service_authorisation import BearerToken
from qsignhub.foundation.clock import SettableClock
from tests.custody.csc.keys import (
    ECDSA_SHA256,
    NOW,
    RSA_PSS,
    RSA_SHA256,
    Signing,
    certificate,
    described,
    ec_key,
    rsa_key,
)
from tests.custody.csc.scripted import Said, Script, scripted

MESSAGE = b"the signed attributes"


@pytest.fixture
async def service() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


@pytest.mark.parametrize("algorithm", [ECDSA_SHA256, RSA_SHA256, RSA_PSS])
async def test_both_ask_for_the_same_signature(algorithm: str, service: Script) -> None:
    key = ec_key() if algorithm == ECDSA_SHA256 else rsa_key(3072)
    service.on("credentials/info", Said(described(certificate(key), algorithm)))
    service.on("credentials/authorize", Said({"SAD": "the-sad"}))
    service.on("signatures/signHash", Signing(key, pss=algorithm == RSA_PSS))
    theirs = await by_pyhanko(service, pss=algorithm == RSA_PSS)
    ours = await by_us(service)
    (their_call, our_call) = service.calls("signatures/signHash")
    ours_said, theirs_said = our_call.json, their_call.json
    if algorithm == RSA_PSS:
        # pyHanko asks for the longest salt there is room for, we for one of the hash's length
        our_parameters, their_parameters = (
            RSASSAPSSParams.load(b64decode(said.pop("signAlgoParams"))) for said in (ours_said, theirs_said)
        )
        for name in ("hash_algorithm", "mask_gen_algorithm"):
            assert our_parameters[name].native == their_parameters[name].native
        assert our_parameters["salt_length"].native == 32
    assert ours_said == theirs_said
    assert our_call.headers["authorization"] == their_call.headers["authorization"]
    if algorithm == RSA_SHA256:  # the one scheme without chance in it
        assert ours == theirs
    (our_authorize,) = service.calls("credentials/authorize")
    session = CSCServiceSessionInfo(service.url, "GX0112348")
    manager = _Asking(session, await their_credential(service, session))
    digest = our_call.json["hash"]
    asked = manager.format_csc_auth_request(num_signatures=1, pin="1234", otp="5678", hash_b64s=digest)
    assert our_authorize.json == asked


class _Asking(CSCAuthorizationManager):
    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        raise NotImplementedError


async def their_credential(service: Script, session: CSCServiceSessionInfo) -> Any:
    async with aiohttp.ClientSession() as http:
        return await fetch_certs_in_csc_credential(http, session)


async def by_pyhanko(service: Script, *, pss: bool) -> bytes:
    session = CSCServiceSessionInfo(service.url, "GX0112348", oauth_token="token")
    async with aiohttp.ClientSession() as http:
        credential = await fetch_certs_in_csc_credential(http, session)
        manager = PrefetchedSADAuthorizationManager(session, credential, CSCAuthorizationInfo(sad="the-sad"))
        signer = CSCSigner(http, manager, prefer_pss=pss)
        return await signer.async_sign_raw(MESSAGE, "sha256")


async def by_us(service: Script) -> bytes:
    clock = SettableClock(NOW)
    async with httpx.AsyncClient() as http:
        client = CscClient(
            f"{service.url}/csc/v1",
            http,
            version="v1",
            authorisation=BearerToken("token"),
            clock=clock,
        )
        credential = await RemoteCredentials(client, clock).get("GX0112348")
        digest = hashlib.sha256(MESSAGE).digest()
        how = sign_algo(credential.algorithm.name, "sha256", credential.offered)
        assert how is not None
        sad = await client.authorize(credential.id, [digest], "sha256", pin="1234", otp="5678")
        (signature,) = await client.sign_hash(credential.id, sad, [digest], "sha256", how)
        return signature
