"""Requests as the CSC specification prints them, sent raw."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asn1crypto import algos
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.sandbox_qtsp.box import DIGEST, ECDSA_SHA256, OTHER_DIGEST, SHA256, Box, encoded, running, verify


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    content = answer.json()
    return answer.status_code, content["error"], content["error_description"]


def test_info(box: Box) -> None:
    """Clause 11.1: without any authorisation, all that is REQUIRED."""
    info = box.post("info", {}).json()
    assert info["specs"] == "2.0.0.0"
    assert info["oauth2"] == f"{box.url}/csc/v2/"
    assert {"name", "logo", "region", "lang", "description", "authType", "methods"} <= info.keys()
    assert {"signAlgorithms", "signature_formats", "conformance_levels"} <= info.keys()
    assert "SANDBOX" in info["name"]
    first = box.post("info", {"lang": "de"}, version=1).json()
    assert first["specs"] == "1.0.4.0"
    assert "credentials/sendOTP" in first["methods"]


def test_credentials_list_with_info(box: Box) -> None:
    """The sample request of clause 11.4."""
    box.user(user_id="list@example.com", otp="online")
    answer = box.post(
        "credentials/list",
        {
            "userID": "list@example.com",
            "credentialInfo": True,
            "certificates": "chain",
            "certInfo": True,
            "authInfo": True,
        },
        box.service_token(),
    ).json()
    (info,) = answer["credentialInfos"]
    assert answer["credentialIDs"] == [info["credentialID"]]
    assert info["key"] == {
        "status": "enabled",
        "algo": [ECDSA_SHA256],
        "len": 256,
        "curve": "1.2.840.10045.3.1.7",
    }
    assert info["cert"]["status"] == "valid"
    assert len(info["cert"]["certificates"]) == 3
    assert len(info["cert"]["validFrom"]) == 15
    assert info["auth"]["mode"] == "explicit"
    assert info["auth"]["expression"] == "PIN AND OTP"
    assert [one["type"] for one in info["auth"]["objects"]] == ["Password", "ChallengeResponse"]
    assert info["SCAL"] == "2"
    assert info["multisign"] >= 1


@pytest.mark.parametrize(("certificates", "number"), [("none", None), ("single", 1), ("chain", 3)])
def test_credential_info_certificates(box: Box, certificates: str, number: int | None) -> None:
    content = {"credentialID": box.user(), "certificates": certificates}
    cert = box.post("credentials/info", content, box.service_token()).json()["cert"]
    assert len(cert.get("certificates", [])) == (number or 0)
    assert "subjectDN" not in cert


def test_a_document_is_signed(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()
    assert sad["expiresIn"] == 300
    verify(box.certificate(credential, token), box.sign(credential, token, sad["SAD"], DIGEST), DIGEST)


def test_several_in_one_call_keep_their_order(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST, OTHER_DIGEST).json()["SAD"]
    answer = box.sign(credential, token, sad, OTHER_DIGEST, DIGEST)
    key = box.certificate(credential, token).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for signature, digest in zip(answer.json()["signatures"], (OTHER_DIGEST, DIGEST), strict=True):
        key.verify(base64.b64decode(signature), digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_p384(box: Box) -> None:
    token, credential = box.service_token(), box.user(key="P-384")
    digest, oid = hashlib.sha384(b"x").digest(), "2.16.840.1.101.3.4.2.2"
    sad = box.authorize(credential, token, digest, hashAlgorithmOID=oid).json()["SAD"]
    more = {"signAlgo": "1.2.840.10045.4.3.3", "hashAlgorithmOID": oid}
    answer = box.sign(credential, token, sad, digest, **more).json()
    key = box.certificate(credential, token).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(answer["signatures"][0]), digest, ec.ECDSA(Prehashed(hashes.SHA384())))


def test_rsa_in_both_paddings(box: Box) -> None:
    token, credential = box.service_token(), box.user(key="RSA-3072")
    key = box.certificate(credential, token).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
    ).dump()
    pss = {"signAlgo": "1.2.840.113549.1.1.10", "signAlgoParams": base64.b64encode(parameters).decode()}
    ways: list[tuple[dict[str, str], Any]] = [
        ({"signAlgo": "1.2.840.113549.1.1.1"}, padding.PKCS1v15()),
        ({"signAlgo": "1.2.840.113549.1.1.11"}, padding.PKCS1v15()),
        (pss, padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
    ]
    for more, way in ways:
        sad = box.authorize(credential, token, DIGEST).json()["SAD"]
        answer = box.sign(credential, token, sad, DIGEST, **more).json()
        key.verify(base64.b64decode(answer["signatures"][0]), DIGEST, way, Prehashed(hashes.SHA256()))
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    refused = box.sign(credential, token, sad, DIGEST, signAlgo="1.2.840.113549.1.1.10")
    assert error_of(refused)[2] == "Missing (or invalid type) string parameter signAlgoParams"


def test_version_1_with_pin_and_sent_otp(box: Box) -> None:
    token, credential = box.service_token(1), box.user(otp="online")
    info = box.post("credentials/info", {"credentialID": credential, "authInfo": True}, token, 1).json()
    assert info["authMode"] == "explicit"
    assert info["PIN"]["presence"] == "true"
    assert (info["OTP"]["presence"], info["OTP"]["type"]) == ("true", "online")
    assert box.post("credentials/sendOTP", {"credentialID": credential}, token, 1).status_code == 204
    content = {
        "credentialID": credential,
        "numSignatures": 1,
        "hash": encoded(DIGEST),
        "PIN": "1234",
        "OTP": outbox_code(box, credential),
    }
    wrong = box.post("credentials/authorize", content | {"OTP": "x"}, token, 1)
    assert error_of(wrong) == (400, "invalid_otp", "The OTP is invalid")
    wrong = box.post("credentials/authorize", content | {"PIN": "x"}, token, 1)
    assert error_of(wrong) == (400, "invalid_pin", "The PIN is invalid")
    sad = box.post("credentials/authorize", content, token, 1).json()["SAD"]
    again = box.post("credentials/authorize", content, token, 1)
    assert error_of(again)[1] == "invalid_otp"
    content = {"credentialID": credential, "SAD": sad, "hash": encoded(DIGEST), "signAlgo": ECDSA_SHA256}
    answer = box.post("signatures/signHash", content, token, 1)
    verify(box.certificate(credential, token), answer, DIGEST)


def outbox_code(box: Box, credential: str) -> str:
    messages = box.http.get(f"{box.url}/sandbox/outbox").json()["messages"]
    return str([one["code"] for one in messages if one["credential_id"] == credential][-1])


def test_version_2_challenge_out_of_band(box: Box) -> None:
    token, credential = box.service_token(), box.user(otp="online")
    challenge = {"credentialID": credential, "authObjectID": "OTP"}
    assert box.post("credentials/getChallenge", challenge, token).status_code == 204
    pin = {"id": "PIN", "value": "1234"}
    without = box.authorize(credential, token, DIGEST, authData=[pin])
    assert error_of(without)[1] == "invalid_authentication_data"
    otp = {"id": "OTP", "value": outbox_code(box, credential)}
    assert "SAD" in box.authorize(credential, token, DIGEST, authData=[pin, otp]).json()


def test_a_fixed_code(box: Box) -> None:
    token, credential = box.service_token(), box.user(otp="424242")
    data = [{"id": "PIN", "value": "1234"}, {"id": "OTP", "value": "424242"}]
    assert "SAD" in box.authorize(credential, token, DIGEST, authData=data).json()


def test_nothing_is_asked_in_implicit_mode(box: Box) -> None:
    token, credential = box.service_token(), box.user(auth_mode="implicit")
    assert "SAD" in box.authorize(credential, token, DIGEST, authData=[]).json()


@pytest.mark.parametrize("otp", ["none", "424242"])
def test_three_wrong_ones_lock(box: Box, otp: str) -> None:
    """A right PIN with a wrong code counts too: codes are not to be guessed."""
    token, credential = box.service_token(), box.user(otp=otp)
    wrong = [{"id": "PIN", "value": "0000" if otp == "none" else "1234"}, {"id": "OTP", "value": "000000"}]
    errors = [error_of(box.authorize(credential, token, DIGEST, authData=wrong))[2] for _ in range(3)]
    assert errors == ["The authentication data is invalid"] * 2 + ["Credential locked"]
    right = [{"id": "PIN", "value": "1234"}, {"id": "OTP", "value": otp}]
    assert error_of(box.authorize(credential, token, DIGEST, authData=right))[2] == "Credential locked"
    info = box.post("credentials/info", {"credentialID": credential}, token).json()
    assert info["key"]["status"] == "disabled"
    box.http.post(f"{box.url}/sandbox/credentials/{credential}/unlock")
    assert "SAD" in box.authorize(credential, token, DIGEST, authData=right).json()


def test_sad_for_another_hash(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    refused = box.sign(credential, token, sad, OTHER_DIGEST)
    assert error_of(refused) == (400, "invalid_request", "Hash is not authorized by the SAD")
    twice = box.sign(credential, token, sad, DIGEST, DIGEST)
    assert error_of(twice)[2] == "Hash is not authorized by the SAD"
    assert box.sign(credential, token, sad, DIGEST).status_code == 200


def test_sad_for_another_credential(box: Box) -> None:
    token, credential, other = box.service_token(), box.user(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    assert error_of(box.sign(other, token, sad, DIGEST))[2] == "Invalid parameter SAD"


def test_sad_twice(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    assert box.sign(credential, token, sad, DIGEST).status_code == 200
    assert error_of(box.sign(credential, token, sad, DIGEST))[2] == "Invalid parameter SAD"


def test_no_sad_and_an_invented_one(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    missing = box.sign(credential, token, None, DIGEST)
    assert error_of(missing)[2] == "Missing (or invalid type) string parameter SAD"
    assert error_of(box.sign(credential, token, "x", DIGEST))[2] == "Invalid parameter SAD"
    assert error_of(box.sign(credential, token, token, DIGEST))[2] == "Invalid parameter SAD"


def test_sad_and_tokens_expire(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        token, credential = box.service_token(), box.user()
        sad = box.authorize(credential, token, DIGEST).json()["SAD"]
        box.clock.clock.advance(timedelta(minutes=5))
        assert error_of(box.sign(credential, token, sad, DIGEST))[2] == "SAD expired"
        box.clock.clock.advance(timedelta(hours=1))
        assert error_of(box.sign(credential, token, sad, DIGEST))[:2] == (401, "expired_token")
        box.clock.clock.advance(timedelta(days=800))
        token = box.service_token()
        sad = box.authorize(credential, token, DIGEST).json()["SAD"]
        assert error_of(box.sign(credential, token, sad, DIGEST))[2] == "Signing certificate is expired"


def test_basic_login_sees_its_own_credentials_alone(box: Box) -> None:
    mine = box.user(user_id="mine@example.com")
    others = box.user(user_id="others@example.com")
    login = box.http.post(f"{box.url}/csc/v1/auth/login", json={}, auth=("mine@example.com", "1234"))
    token = login.json()["access_token"]
    assert box.post("credentials/list", {}, token, 1).json()["credentialIDs"] == [mine]
    named = box.post("credentials/list", {"userID": "others@example.com"}, token, 1)
    assert error_of(named) == (400, "invalid_request", "userID parameter MUST be null")
    other = box.post("credentials/info", {"credentialID": others}, token, 1)
    assert error_of(other) == (400, "invalid_request", "Invalid parameter credentialID")
    assert box.post("auth/revoke", {"token": token}, token, 1).status_code == 204
    assert error_of(box.post("credentials/list", {}, token, 1))[:2] == (401, "invalid_token")
    wrong = box.http.post(f"{box.url}/csc/v1/auth/login", json={}, auth=("mine@example.com", "4321"))
    assert error_of(wrong)[:2] == (400, "authentication_error")


@pytest.mark.parametrize(
    ("change", "description"),
    [
        ({"credentialID": None}, "Missing (or invalid type) string parameter credentialID"),
        ({"credentialID": 5}, "Missing (or invalid type) string parameter credentialID"),
        ({"credentialID": "x"}, "Invalid parameter credentialID"),
        ({"numSignatures": None}, "Missing (or invalid type) integer parameter numSignatures"),
        ({"numSignatures": True}, "Missing (or invalid type) integer parameter numSignatures"),
        ({"numSignatures": 0}, "Invalid value for parameter numSignatures"),
        ({"numSignatures": 99}, "Numbers of signatures is too high"),
        ({"hashes": None}, "Missing (or invalid type) array parameter hashes"),
        ({"hashes": []}, "Empty hash array"),
        ({"hashes": ["*"]}, "Invalid Base64 hash string parameter"),
        ({"hashes": encoded(DIGEST, OTHER_DIGEST)}, "Invalid value for parameter numSignatures"),
        ({"hashAlgorithmOID": "1.2.3"}, "Invalid parameter hashAlgorithmOID"),
        ({"authData": None}, "The authentication data is invalid"),
    ],
)
def test_what_authorize_refuses(box: Box, change: dict[str, Any], description: str) -> None:
    answer = box.authorize(box.user(), box.service_token(), DIGEST, **change)
    assert answer.status_code == 400
    assert answer.json()["error_description"] == description


@pytest.mark.parametrize(
    ("change", "description"),
    [
        ({"signAlgo": None}, "Missing (or invalid type) string parameter signAlgo"),
        ({"signAlgo": "1.2.840.113549.1.1.1"}, "Invalid parameter signAlgo"),
        ({"hashes": encoded(b"short")}, "Invalid digest value length"),
        ({"hashes": "x"}, "Missing (or invalid type) array parameter hashes"),
    ],
)
def test_what_sign_hash_refuses(box: Box, change: dict[str, Any], description: str) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, b"short").json()["SAD"]
    answer = box.sign(credential, token, sad, DIGEST, **change)
    assert error_of(answer) == (400, "invalid_request", description)


def test_authorization_headers(box: Box) -> None:
    for header in ({}, {"Authorization": "Bearer"}, {"Authorization": "Basic eDp4"}):
        answer = box.http.post(f"{box.url}/csc/v2/credentials/list", json={}, headers=header)
        assert error_of(answer) == (400, "invalid_request", "Malformed authorization header")
    answer = box.post("credentials/list", {"userID": "x"}, "invented")
    assert error_of(answer)[:2] == (401, "invalid_token")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 20000, b'{"a": "' + b"x" * 300_000 + b'"}'])
def test_bodies_that_are_none(box: Box, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = box.http.post(f"{box.url}/csc/v2/info", content=body, headers=headers)
    assert error_of(answer)[1] == "invalid_request"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"grant_type": None}, "Missing parameter grant_type"),
        ({"grant_type": "password"}, "Invalid parameter grant_type"),
        ({"client_id": "x"}, "Invalid parameter client_id"),
        ({"client_secret": "x"}, "Invalid parameter client_secret"),
        ({"client_secret": None}, "Client authorization required"),
        ({"grant_type": "authorization_code"}, "Missing parameter code"),
        ({"grant_type": "authorization_code", "code": "x"}, "Authorization code is invalid or expired"),
    ],
)
def test_what_the_token_endpoint_refuses(box: Box, change: dict[str, Any], expected: str) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": box.qtsp.client_id,
        "client_secret": box.qtsp.client_secret,
    } | change
    answer = box.http.post(
        f"{box.url}/csc/v2/oauth2/token", data={name: value for name, value in form.items() if value}
    )
    assert answer.json()["error_description"] == expected


def test_another_keys_signature_does_not_verify(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    box.fail("csc.signHash", "wrong_key", times=1)
    answer = box.sign(credential, token, sad, DIGEST)
    with pytest.raises(InvalidSignature):
        verify(box.certificate(credential, token), answer, DIGEST)
    assert SHA256 not in answer.text


def test_guesses_at_the_same_time_are_counted_one_by_one(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    wrong = [{"id": "PIN", "value": "0000"}]
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(box.authorize, credential, token, DIGEST, authData=wrong) for _ in range(16)]
    said = Counter(error_of(one.result())[2] for one in asked)
    assert said == {"The authentication data is invalid": 2, "Credential locked": 14}


def test_a_sad_that_is_used_at_the_same_time_signs_once(box: Box) -> None:
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(box.sign, credential, token, sad, DIGEST) for _ in range(8)]
    assert sorted(one.result().status_code for one in answers) == [200] + [400] * 7
