"""Keys at a remote trust service behind the custody port: used once, for what was authorised, and checked."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from qsignhub.custody.activation import LIFETIME, Activation, ActivationIssuer, ActivationVerifier
from qsignhub.custody.adapters.csc import CscCustody
from qsignhub.custody.csc.authorization_server import OAuthClient
from qsignhub.custody.csc.client import CscClient
from qsignhub.custody.csc.credentials import RemoteCredentials
from qsignhub.custody.csc.errors import (
    CredentialUnusable,
    CscAuthorisationRefused,
    CscError,
    CscMalformed,
    CscUnavailable,
    SignatureNotTheCredentials,
    SignerCredentialsMissing,
)
from qsignhub.custody.csc.model import Version
from qsignhub.custody.csc.service_authorisation import (
    BearerToken,
    NoAuthorisation,
    ServiceAuthorisation,
)
from qsignhub.custody.errors import ActivationExpired, ActivationRefused, ActivationUsed, KeyUnknown
from qsignhub.custody.gate import Gate
from qsignhub.custody.model import Outcome
from qsignhub.custody.signer_secrets import SealedSignerSecrets, SignerCredentials
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.errors import Refused
from tests.custody.csc.keys import (
    EC_KEY,
    ECDSA_SHA256,
    ECDSA_SHA384,
    NOW,
    RSA,
    RSA_PSS,
    RSA_SHA256,
    Signing,
    certificate,
    described,
    ec_key,
    rsa_key,
)
from tests.custody.csc.scripted import Said, Script, scripted
from tests.support.custody_places import InMemoryRecord, InMemorySecrets

MESSAGE = b"the signed attributes"
KEY_ID = "acme:GX0112348"
SAD = "_TiHRG-bAH3XlFQZ3ndFhkXf9P24/CKN69L8gdSYp5_pw"
ISSUER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GIVEN = SignerCredentials(pin="90210734", otp="738496")
WANTS_PIN: dict[str, Any] = {"authMode": "explicit", "PIN": {"presence": "true"}}
WANTS_BOTH: dict[str, Any] = WANTS_PIN | {"OTP": {"presence": "true", "type": "offline"}}
OBJECTS = [{"type": "Password", "id": "my pin"}, {"type": "ChallengeResponse", "id": "sms"}]
V2_WANTS_BOTH: dict[str, Any] = {
    "auth": {"mode": "explicit", "expression": "my pin AND sms", "objects": OBJECTS}
}


class Setup:
    def __init__(self, service: Script, http: httpx.AsyncClient) -> None:
        self.service, self.http = service, http
        self.record = InMemoryRecord()
        self.clock = SettableClock(NOW)
        self.issuer = ActivationIssuer(ISSUER_KEY)
        self.secrets = SealedSignerSecrets(InMemorySecrets(), self.record, self.clock)
        self.key = ec_key()
        self.holds(Signing(self.key), described(certificate(self.key)))

    def holds(self, signing: Signing, info: dict[str, Any]) -> None:
        self.service.on("credentials/info", Said(info))
        self.service.on("credentials/authorize", Said({"SAD": SAD, "expiresIn": 300}))
        self.service.on("signatures/signHash", signing)

    def custody(
        self,
        version: Version = "v1",
        authorisation: ServiceAuthorisation | None = None,
        *,
        allow_rsa_2048: bool = False,
    ) -> CscCustody:
        client = CscClient(
            f"{self.service.url}/csc/{version}",
            self.http,
            version=version,
            authorisation=authorisation or BearerToken("service-token"),
            clock=self.clock,
            name="ACME",
            timeout=2,
            oauth_client=OAuthClient("us", "secret"),
        )
        gate = Gate(self.record, ActivationVerifier(ISSUER_KEY.public_key()), self.clock)
        credentials = RemoteCredentials(client, self.clock, allow_rsa_2048=allow_rsa_2048)
        return CscCustody("acme", client, credentials, gate, self.secrets)

    def token(self, id_: str = "act_1", message: bytes = MESSAGE, **changes: Any) -> bytes:
        digest = hashlib.sha256(message).digest()
        said = Activation(id_, "sgn_anna", KEY_ID, digest, self.clock.now() + LIFETIME)
        return self.issuer.issue(replace(said, **changes))


@pytest.fixture
async def setup(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Setup]:
    monkeypatch.setattr("qsignhub.custody.csc.transport._BACKOFF_SECONDS", 0.01)
    async with scripted() as service, httpx.AsyncClient() as http:
        yield Setup(service, http)


async def outcome(setup: Setup, id_: str = "act_1") -> str:
    return (await setup.custody().outcome(KEY_ID, id_)).state


async def test_what_the_signer_authorised_is_signed(setup: Setup) -> None:
    custody = setup.custody()
    signature = await custody.sign(KEY_ID, MESSAGE, setup.token())
    setup.key.public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert setup.service.methods() == ["credentials/info", "credentials/authorize", "signatures/signHash"]
    digest = b64encode(hashlib.sha256(MESSAGE).digest()).decode()
    authorize, sign = setup.service.asked[1:]
    assert authorize.json == {"credentialID": "GX0112348", "numSignatures": 1, "hash": [digest]}
    assert sign.json == {
        "credentialID": "GX0112348",
        "SAD": SAD,
        "hash": [digest],
        "hashAlgo": "2.16.840.1.101.3.4.2.1",
        "signAlgo": ECDSA_SHA256,
    }
    assert await custody.outcome(KEY_ID, "act_1") == Outcome("done", signature)
    assert await custody.operations(KEY_ID) == ["act_1"]


async def test_pin_and_otp_v1(setup: Setup) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), **WANTS_BOTH))
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    (asked,) = setup.service.calls("credentials/authorize")
    assert (asked.json["PIN"], asked.json["OTP"]) == ("90210734", "738496")
    assert "authData" not in asked.json
    assert await setup.secrets.waiting("sgn_anna") is None


async def test_pin_and_otp_v2(setup: Setup) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), **V2_WANTS_BOTH))
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.custody("v2").sign(KEY_ID, MESSAGE, setup.token())
    (asked,) = setup.service.calls("credentials/authorize")
    assert asked.json["authData"] == [
        {"id": "my pin", "value": "90210734"},
        {"id": "sms", "value": "738496"},
    ]
    assert not {"PIN", "OTP"} & asked.json.keys()
    assert asked.json["hashAlgorithmOID"] == "2.16.840.1.101.3.4.2.1"


async def test_v2_a_credential_that_describes_itself_as_v1(setup: Setup) -> None:
    said = described(certificate(setup.key), **WANTS_PIN)
    setup.holds(Signing(setup.key), said)
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.custody("v2").sign(KEY_ID, MESSAGE, setup.token())
    (asked,) = setup.service.calls("credentials/authorize")
    assert asked.json["PIN"] == "90210734"
    assert "OTP" not in asked.json  # not asked for, not shown


@pytest.mark.parametrize(
    ("version", "authorisation", "bearer", "in_body"),
    [
        ("v1", BearerToken("t"), "Bearer t", True),
        ("v2", BearerToken("t"), "Bearer t", True),
        ("v2", NoAuthorisation(), "Bearer consent-sad", False),
        ("v1", NoAuthorisation(), None, True),
    ],
)
async def test_consent(
    version: Version, authorisation: ServiceAuthorisation, bearer: str | None, in_body: bool, setup: Setup
) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), authMode="oauth2code"))
    setup.service.on("info", Said({"specs": "1.0.4.0", "methods": [], "oauth2": setup.service.url}))
    setup.service.on("oauth2/token", Said({"access_token": "consent-sad", "token_type": "SAD"}))
    given = SignerCredentials(code="c", code_verifier="v" * 43, redirect_uri="https://us/back")
    await setup.secrets.keep("sgn_anna", given)
    await setup.custody(version, authorisation).sign(KEY_ID, MESSAGE, setup.token())
    (redeemed,) = setup.service.calls("oauth2/token")
    assert redeemed.form == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "https://us/back",
        "code_verifier": "v" * 43,
        "client_id": "us",
        "client_secret": "secret",
    }
    assert not setup.service.calls("credentials/authorize")
    (asked,) = setup.service.calls("signatures/signHash")
    assert asked.headers.get("authorization") == bearer
    assert asked.json.get("SAD") == ("consent-sad" if in_body else None)


@pytest.mark.parametrize("wanted", [WANTS_PIN, WANTS_BOTH, V2_WANTS_BOTH, {"authMode": "oauth2code"}])
@pytest.mark.parametrize("given", [None, SignerCredentials(otp="738496"), SignerCredentials(code="c")])
async def test_without_the_signers_secrets_nothing_is_burned(
    wanted: dict[str, Any], given: SignerCredentials | None, setup: Setup
) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), **wanted))
    if given is not None:
        await setup.secrets.keep("sgn_anna", given)
    with pytest.raises(SignerCredentialsMissing) as caught:
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert isinstance(caught.value, Refused)
    assert setup.service.methods() == ["credentials/info"]
    assert await outcome(setup) == "unused"


SCHEMES: dict[str, tuple[Any, list[str], str]] = {
    "P-256 raw": (lambda: Signing(ec_key(), raw=True), [ECDSA_SHA256], ECDSA_SHA256),
    "P-256 by key": (lambda: Signing(ec_key()), [EC_KEY], EC_KEY),
    "P-384": (lambda: Signing(ec_key(ec.SECP384R1())), [ECDSA_SHA384], ECDSA_SHA384),
    "P-384 raw": (lambda: Signing(ec_key(ec.SECP384R1()), raw=True), [ECDSA_SHA384], ECDSA_SHA384),
    "RSA": (lambda: Signing(rsa_key(3072)), [RSA], RSA),
    "RSA with SHA-256": (lambda: Signing(rsa_key(3072)), [RSA, RSA_SHA256], RSA_SHA256),
    "PSS": (lambda: Signing(rsa_key(3072), pss=True), [RSA_SHA256, RSA_PSS], RSA_PSS),
}


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("scheme", list(SCHEMES))
async def test_schemes(scheme: str, version: Version, setup: Setup) -> None:
    make, offered, asked_for = SCHEMES[scheme]
    signing = make()
    setup.holds(signing, described(certificate(signing.key), *offered, v2=version == "v2"))
    signature = await setup.custody(version).sign(KEY_ID, MESSAGE, setup.token())
    (asked,) = setup.service.calls("signatures/signHash")
    assert asked.json["signAlgo"] == asked_for
    assert ("signAlgoParams" in asked.json) == (scheme == "PSS")
    if isinstance(signing.key, ec.EllipticCurvePrivateKey):
        assert encode_dss_signature(*decode_dss_signature(signature)) == signature  # DER, whatever came
        hash_ = hashes.SHA384() if "384" in scheme else hashes.SHA256()
        signing.key.public_key().verify(signature, MESSAGE, ec.ECDSA(hash_))
    else:
        assert len(signature) == 384


@pytest.mark.parametrize("offered", [RSA_SHA256, RSA_PSS])
async def test_a_shorter_rsa_key_where_the_operator_takes_it(offered: str, setup: Setup) -> None:
    key = rsa_key(2048)
    setup.holds(Signing(key, pss=offered == RSA_PSS), described(certificate(key), offered))
    with pytest.raises(CredentialUnusable):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert len(await setup.custody(allow_rsa_2048=True).sign(KEY_ID, MESSAGE, setup.token())) == 256


async def test_case_51_a_signature_by_another_key(setup: Setup) -> None:
    setup.service.on("signatures/signHash", Signing(ec_key()))
    with pytest.raises(SignatureNotTheCredentials):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert await outcome(setup) == "begun"
    assert await setup.custody().operations(KEY_ID) == ["act_1"]


@pytest.mark.parametrize("value", [b"", b"\x30\x00", b"x" * 64, b"\0" * 64, b"x" * 500])
async def test_what_is_no_signature_is_refused(value: bytes, setup: Setup) -> None:
    setup.service.on("signatures/signHash", Said({"signatures": [b64encode(value or b"x").decode()]}))
    with pytest.raises(SignatureNotTheCredentials):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert await outcome(setup) == "begun"


async def test_a_signature_over_another_hash(setup: Setup) -> None:
    other = b64encode(Signing(setup.key).value(hashlib.sha256(b"else").digest())).decode()
    setup.service.on("signatures/signHash", Said({"signatures": [other]}))
    with pytest.raises(SignatureNotTheCredentials):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())


async def test_case_74_no_call_for_a_bad_activation(setup: Setup) -> None:
    custody = setup.custody()
    good = setup.token()
    for token, message, key_id in (
        (good, b"else", KEY_ID),
        (good, MESSAGE, "acme:HX0224685"),
        (bytes(64) + good[64:], MESSAGE, KEY_ID),
        (b"", MESSAGE, KEY_ID),
        (setup.token(expires_at=NOW), MESSAGE, KEY_ID),
    ):
        with pytest.raises(ActivationRefused):
            await custody.sign(key_id, message, token)
    setup.clock.advance(LIFETIME + timedelta(seconds=1))
    with pytest.raises(ActivationExpired):
        await custody.sign(KEY_ID, MESSAGE, good)
    assert setup.service.asked == []
    assert await outcome(setup) == "unused"


async def test_case_74_used_again(setup: Setup) -> None:
    custody, token = setup.custody(), setup.token()
    await custody.sign(KEY_ID, MESSAGE, token)
    before = len(setup.service.asked)
    with pytest.raises(ActivationUsed):
        await custody.sign(KEY_ID, MESSAGE, token)
    assert len(setup.service.asked) == before


async def test_two_at_once_use_the_key_once(setup: Setup) -> None:
    custody, token = setup.custody(), setup.token()
    outcomes = await asyncio.gather(
        *(custody.sign(KEY_ID, MESSAGE, token) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["ActivationUsed"] * 3 + ["bytes"]
    assert len(setup.service.calls("credentials/authorize")) == 1
    assert len(setup.service.calls("signatures/signHash")) == 1


async def test_a_key_of_another_service(setup: Setup) -> None:
    for key_id in ("other:GX0112348", "acme:", "GX0112348"):
        with pytest.raises(KeyUnknown):
            await setup.custody().sign(key_id, MESSAGE, setup.token(key_id=key_id))
    assert setup.service.asked == []


@pytest.mark.parametrize("weather", [Said(status=503), Said(dies=True), Said(octets=b"<html>")])
async def test_an_outage_burns_nothing(weather: Said, setup: Setup) -> None:
    info = described(certificate(setup.key), **WANTS_PIN)
    setup.service.on("credentials/info", weather)
    await setup.secrets.keep("sgn_anna", GIVEN)
    token = setup.token()
    with pytest.raises((CscUnavailable, CscMalformed)):
        await setup.custody().sign(KEY_ID, MESSAGE, token)
    assert set(setup.service.methods()) == {"credentials/info"}
    assert await outcome(setup) == "unused"
    setup.service.on("credentials/info", Said(info))  # it is back, and all is still there
    assert await setup.custody().sign(KEY_ID, MESSAGE, token)


async def test_a_disabled_credential_burns_nothing(setup: Setup) -> None:
    off = described(certificate(setup.key), key={"status": "disabled", "algo": [ECDSA_SHA256]})
    setup.service.on("credentials/info", Said(off))
    with pytest.raises(CredentialUnusable):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert await outcome(setup) == "unused"


@pytest.mark.parametrize("method", ["credentials/authorize", "signatures/signHash"])
@pytest.mark.parametrize("weather", [Said(status=500), Said(dies=True), Said(octets=b"\xff")])
async def test_case_44_lost_after_the_claim_is_begun_and_not_repeated(
    method: str, weather: Said, setup: Setup
) -> None:
    setup.service.on(method, weather)
    token = setup.token()
    with pytest.raises((CscUnavailable, CscMalformed)):
        await setup.custody().sign(KEY_ID, MESSAGE, token)
    assert len(setup.service.calls(method)) == 1
    assert await outcome(setup) == "begun"
    asked = len(setup.service.asked)
    with pytest.raises(ActivationUsed):
        await setup.custody().sign(KEY_ID, MESSAGE, token)
    assert len(setup.service.asked) == asked


async def test_a_wrong_pin_and_then_the_right_one(setup: Setup) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), **WANTS_PIN))
    setup.service.on("credentials/authorize", Said({"error": "invalid_pin"}, status=400), Said({"SAD": SAD}))
    await setup.secrets.keep("sgn_anna", SignerCredentials(pin="1111"))
    with pytest.raises(CscAuthorisationRefused) as caught:
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert caught.value.which == "pin"
    assert await outcome(setup) == "begun"
    assert await setup.secrets.waiting("sgn_anna") is None  # a wrong PIN is not tried twice
    await setup.secrets.keep("sgn_anna", GIVEN)
    await setup.custody().sign(KEY_ID, MESSAGE, setup.token("act_2"))
    assert await setup.custody().operations(KEY_ID) == ["act_1", "act_2"]


async def test_activation_data_that_is_over(setup: Setup) -> None:
    said = {"error": "invalid_request", "error_description": "SAD expired"}
    setup.service.on("signatures/signHash", Said(said, status=400))
    with pytest.raises(CscAuthorisationRefused) as caught:
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert caught.value.which == "sad"
    assert await outcome(setup) == "begun"


async def test_a_consent_that_is_over(setup: Setup) -> None:
    setup.holds(Signing(setup.key), described(certificate(setup.key), authMode="oauth2code"))
    setup.service.on("info", Said({"specs": "2.0.0.0", "methods": [], "oauth2": setup.service.url}))
    setup.service.on("oauth2/token", Said({"access_token": "consent-sad"}))
    setup.service.on("signatures/signHash", Said({"error": "expired_token"}, status=401))
    await setup.secrets.keep("sgn_anna", SignerCredentials(code="c", redirect_uri="https://us/back"))
    with pytest.raises(CscAuthorisationRefused) as caught:
        await setup.custody("v2", NoAuthorisation()).sign(KEY_ID, MESSAGE, setup.token())
    assert caught.value.which == "sad"


async def test_a_credential_that_is_not_there(setup: Setup) -> None:
    said = {"error": "invalid_request", "error_description": "Invalid parameter credentialID"}
    setup.service.on("credentials/info", Said(said, status=400))
    with pytest.raises(KeyUnknown):
        await setup.custody().sign(KEY_ID, MESSAGE, setup.token())
    assert await outcome(setup) == "unused"


async def test_nothing_secret_in_logs_and_errors(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    setup.holds(Signing(setup.key), described(certificate(setup.key), **WANTS_BOTH))
    setup.service.on(
        "credentials/authorize",
        Said({"error": "invalid_otp", "error_description": "738496 with 90210734 is wrong"}, status=400),
        Said(dies=True),
        Said({"SAD": SAD}),
    )
    seen = []
    for number in range(3):
        await setup.secrets.keep("sgn_anna", GIVEN)
        try:
            await setup.custody().sign(KEY_ID, MESSAGE, setup.token(f"act_{number}"))
        except CscError as wrong:
            seen.append(repr(wrong) + repr(wrong.__cause__))
    assert len(seen) == 2
    for text in [*seen, caplog.text]:
        assert not [one for one in ("90210734", "738496", SAD, "service-token") if one in text]


async def test_ping_needs_no_key(setup: Setup) -> None:
    setup.service.on("info", Said({"specs": "1.0.4.0", "methods": []}))
    await setup.custody().ping()
    await setup.custody().destroy_key(KEY_ID)
    assert setup.service.methods() == ["info"]
    assert "authorization" not in setup.service.asked[0].headers
    setup.service.on("info", Said(status=503))
    with pytest.raises(CscUnavailable):
        await setup.custody().ping()
