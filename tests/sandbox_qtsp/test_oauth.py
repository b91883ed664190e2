"""Scope ``credential`` by authorization code with PKCE, on the consent page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox_qtsp.box import DIGEST, ECDSA_SHA256, OTHER_DIGEST, SHA256, Box, encoded, verify

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:9/back?a=1"


def start(box: Box, credential: str, version: int = 2, **change: Any) -> httpx.Response:
    digest = base64.urlsafe_b64encode(DIGEST).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": box.qtsp.client_id,
        "redirect_uri": REDIRECT,
        "scope": "credential",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "credentialID": credential,
        "numSignatures": "1",
        "state": "12345678",
        **({"hash": digest} if version == 1 else {"hashes": digest, "hashAlgorithmOID": SHA256}),
    } | change
    params = {name: value for name, value in query.items() if value is not None}
    return box.http.get(f"{box.url}/csc/v{version}/oauth2/authorize", params=params)


def decide(box: Box, page: httpx.Response, version: int = 2, **form: str) -> httpx.Response:
    found = re.search(r'name="transaction" value="([^"]+)"', page.text)
    assert found, page.text
    data = {"transaction": found[1], "pin": "1234", "decision": "confirm"} | form
    return box.http.post(f"{box.url}/csc/v{version}/oauth2/authorize", data=data)


def back(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    assert parts.netloc == "127.0.0.1:9"
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def exchange(box: Box, code: str, version: int = 2, **change: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": box.qtsp.client_id,
        "client_secret": box.qtsp.client_secret,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return box.http.post(f"{box.url}/csc/v{version}/oauth2/token", data=form | change)


@pytest.mark.parametrize(("version", "kind"), [(1, "SAD"), (2, "Bearer")])
def test_from_consent_to_signature(box: Box, version: int, kind: str) -> None:
    credential = box.user(auth_mode="oauth2code", name="Ursula <Unger>")
    service = box.service_token(version)
    mode = box.post("credentials/info", {"credentialID": credential}, service, version).json()
    assert (mode["authMode"] if version == 1 else mode["auth"]["mode"]) == "oauth2code"
    page = start(box, credential, version, description="<b>a contract</b>")
    assert "SANDBOX" in page.text
    assert DIGEST.hex() in page.text
    assert "<b>" not in page.text
    assert "<Unger>" not in page.text
    query = back(decide(box, page, version))
    assert query["state"] == "12345678"
    assert query["a"] == "1"
    token = exchange(box, query["code"], version).json()
    assert (token["token_type"], token["expires_in"]) == (kind, 300)
    content = {
        "credentialID": credential,
        "signAlgo": ECDSA_SHA256,
        ("hash" if version == 1 else "hashes"): encoded(DIGEST),
    }
    if version == 1:
        content["SAD"] = token["access_token"]
        bearer = service
    else:
        bearer = token["access_token"]
    answer = box.post("signatures/signHash", content, bearer, version)
    verify(box.certificate(credential, service), answer, DIGEST)
    assert box.post("signatures/signHash", content, bearer, version).status_code in {400, 401}


def test_authorization_details(box: Box) -> None:
    credential = box.user(auth_mode="oauth2code")
    documents = [{"hash": one, "label": "A"} for one in encoded(DIGEST, OTHER_DIGEST)]
    details = [
        {
            "type": "credential",
            "credentialID": credential,
            "documentDigests": documents,
            "hashAlgorithmOID": SHA256,
        }
    ]
    alone: dict[str, Any] = dict.fromkeys(
        ("scope", "credentialID", "numSignatures", "hashes", "hashAlgorithmOID")
    )
    page = start(box, credential, authorization_details=json.dumps(details), **alone)
    token = exchange(box, back(decide(box, page))["code"]).json()["access_token"]
    assert box.sign(credential, token, None, DIGEST, OTHER_DIGEST).status_code == 200


def test_what_was_not_consented_to_is_not_signed(box: Box) -> None:
    credential, other = box.user(auth_mode="oauth2code"), box.user()
    token = exchange(box, back(decide(box, start(box, credential)))["code"]).json()["access_token"]
    refused = box.sign(credential, token, None, OTHER_DIGEST)
    assert refused.json()["error_description"] == "Hash is not authorized by the SAD"
    refused = box.sign(other, token, None, DIGEST)
    assert refused.json()["error_description"] == "Invalid parameter credentialID"
    assert box.authorize(other, token, DIGEST).status_code == 401
    explicit = box.authorize(credential, box.service_token(), DIGEST)
    assert explicit.status_code == 400


def test_a_code_works_once_and_for_its_verifier(box: Box) -> None:
    credential = box.user(auth_mode="oauth2code")
    wrong: list[dict[str, Any]] = [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:9/"},
    ]
    for change in wrong:
        code = back(decide(box, start(box, credential)))["code"]
        assert exchange(box, code, **change).json()["error"] == "invalid_grant"
        assert exchange(box, code).json()["error"] == "invalid_grant"
    code = back(decide(box, start(box, credential)))["code"]
    assert exchange(box, code).status_code == 200
    assert exchange(box, code).json()["error"] == "invalid_grant"


def test_the_signer_says_no(box: Box) -> None:
    page = start(box, box.user(auth_mode="oauth2code"))
    assert back(decide(box, page, decision="refuse")) == {
        "a": "1",
        "error": "access_denied",
        "state": "12345678",
    }
    assert decide(box, page).status_code == 400


def test_a_wrong_pin_on_the_page(box: Box) -> None:
    page = start(box, box.user(auth_mode="oauth2code"))
    for _ in range(2):
        assert "Try again" in decide(box, page, pin="0000").text
    assert back(decide(box, page, pin="0000"))["error"] == "access_denied"
    assert decide(box, page).status_code == 400


def test_a_sent_code_on_the_page(box: Box) -> None:
    credential = box.user(auth_mode="oauth2code", otp="online")
    page = start(box, credential)
    code = box.http.get(f"{box.url}/sandbox/outbox").json()["messages"][-1]["code"]
    assert "code" in back(decide(box, page, otp=code))


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "x"},
        {"redirect_uri": "https://example.com/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1@example.com/"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_a_stranger(box: Box, change: dict[str, Any]) -> None:
    answer = start(box, box.user(auth_mode="oauth2code"), **change)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "service"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "S1"}, "invalid_request"),
        ({"credentialID": "x"}, "invalid_request"),
        ({"hashes": "*"}, "invalid_request"),
        ({"hashes": ""}, "invalid_request"),
        ({"numSignatures": "-1"}, "invalid_request"),
        ({"numSignatures": "99"}, "invalid_request"),
        ({"hashAlgorithmOID": "1.2"}, "invalid_request"),
        ({"authorization_details": "[[]]"}, "invalid_request"),
    ],
)
def test_what_the_authorization_endpoint_refuses(box: Box, change: dict[str, Any], error: str) -> None:
    answer = start(box, box.user(auth_mode="oauth2code"), **change)
    assert (back(answer)["error"], back(answer)["state"]) == (error, "12345678")


def test_revoked_tokens(box: Box) -> None:
    token = box.service_token()
    form = {"token": token, "client_id": box.qtsp.client_id, "client_secret": box.qtsp.client_secret}
    assert box.http.post(f"{box.url}/csc/v2/oauth2/revoke", data=form).status_code == 204
    assert box.post("credentials/list", {"userID": "x"}, token).json()["error"] == "invalid_token"
