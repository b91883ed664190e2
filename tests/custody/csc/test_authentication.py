"""What a credential asks for, in v1's words and in v2's."""

from __future__ import annotations

from typing import Any

import pytest

from qsignhub.custody.csc.authentication import demands
from qsignhub.custody.csc.errors import CscMalformed
from qsignhub.custody.csc.model import CredentialInfo, read

KEY = {"key": {"status": "enabled", "algo": ["1.2.840.10045.4.3.2"]}}
PIN = {"type": "Password", "id": "PIN"}
OTP = {"type": "Password", "id": "OTP", "generator": "totp"}
CHALLENGE = {"type": "ChallengeResponse", "id": "SMS code"}
APP = {"type": "ChallengeResponseOOB", "id": "APP"}
SHOWN = {
    "PIN": {"id": "PIN", "value": "p"},
    "OTP": {"id": "OTP", "value": "o"},
    "SMS code": {"id": "SMS code", "value": "o"},
    "APP": {"id": "APP"},
}


def info(**said: Any) -> CredentialInfo:
    return read(CredentialInfo, KEY | said)


def v2(expression: str | None, *objects: dict[str, str]) -> CredentialInfo:
    return info(
        auth={"mode": "explicit", "objects": list(objects)}
        | ({"expression": expression} if expression else {})
    )


@pytest.mark.parametrize(
    ("said", "mode", "pin", "otp", "secrets"),
    [
        ({"authMode": "implicit", "PIN": {"presence": "true"}}, "implicit", False, "none", False),
        ({"authMode": "explicit", "PIN": {"presence": "true"}}, "explicit", True, "none", True),
        ({"authMode": "explicit", "PIN": {"presence": True}}, "explicit", True, "none", True),
        ({"authMode": "explicit", "PIN": {"presence": "optional"}}, "explicit", False, "none", False),
        (
            {"authMode": "explicit", "OTP": {"presence": "true", "type": "online"}},
            "explicit",
            False,
            "online",
            True,
        ),
        ({"authMode": "explicit", "OTP": {"presence": "true"}}, "explicit", False, "offline", True),
        ({"authMode": "oauth2code"}, "oauth2code", False, "none", True),
        ({"auth": {"mode": "oauth2code"}}, "oauth2code", False, "none", True),
        ({"auth": {"mode": "explicit"}}, "explicit", False, "none", False),
        ({"auth": {"mode": "explicit", "objects": [PIN]}}, "explicit", True, "none", True),
        ({"auth": {"mode": "explicit", "objects": [OTP]}}, "explicit", False, "offline", True),
        ({"auth": {"mode": "explicit", "objects": [CHALLENGE]}}, "explicit", False, "online", True),
        ({"auth": {"mode": "explicit", "objects": [APP]}}, "explicit", False, "none", False),
    ],
)
def test_demands(said: dict[str, Any], mode: str, pin: bool, otp: str, secrets: bool) -> None:
    asked = demands(info(**said))
    assert (asked.mode, asked.pin, asked.otp, asked.secrets) == (mode, pin, otp, secrets)


@pytest.mark.parametrize(
    ("expression", "objects", "pin", "otp", "shown"),
    [
        (None, [PIN, OTP], "p", "o", ["PIN", "OTP"]),
        (None, [PIN, OTP], "p", None, None),
        ("PIN AND OTP", [PIN, OTP], "p", "o", ["PIN", "OTP"]),
        ("PIN AND OTP", [PIN, OTP], None, "o", None),
        ("PIN OR OTP", [PIN, OTP], "p", None, ["PIN"]),
        ("PIN OR OTP", [PIN, OTP], "p", "o", ["PIN", "OTP"]),
        ("PIN OR OTP", [PIN, OTP], None, None, None),
        ("PIN XOR OTP", [PIN, OTP], "p", "o", ["PIN"]),
        ("PIN AND (SMS code OR APP)", [PIN, CHALLENGE, APP], "p", None, ["PIN", "APP"]),
        ("PIN AND (SMS code XOR APP)", [PIN, CHALLENGE, APP], "p", "o", ["PIN", "SMS code"]),
        ("PIN AND SMS code OR APP", [PIN, CHALLENGE, APP], None, None, ["APP"]),
        ("(PIN)AND(OTP)", [PIN, OTP], "p", "o", ["PIN", "OTP"]),
        ("APP", [APP], None, None, ["APP"]),
    ],
)
def test_what_is_shown(
    expression: str | None, objects: list[dict[str, str]], pin: str | None, otp: str | None, shown: Any
) -> None:
    asked = demands(v2(expression, *objects))
    wanted = None if shown is None else [SHOWN[name] for name in shown]
    assert asked.shown(pin, otp) == wanted


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"auth": {"mode": "explicit", "objects": [{"type": "Retina", "id": "eye"}]}},
        {"auth": {"mode": "explicit", "objects": [PIN, PIN]}},
        *(
            {"auth": {"mode": "explicit", "objects": [PIN], "expression": expression}}
            for expression in ("PIN AND OTP", "PIN PIN", "PIN AND", "(PIN", "PIN)", "AND", "PIN & PIN", "()")
        ),
        {"auth": {"mode": "explicit", "objects": [PIN], "expression": "(" * 200}},
    ],
)
def test_what_cannot_be_understood_is_not_asked_of_a_signer(said: dict[str, Any]) -> None:
    with pytest.raises(CscMalformed):
        demands(info(**said))
