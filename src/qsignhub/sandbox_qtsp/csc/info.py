"""info, auth/login and auth/revoke (CSC API clauses 11.1 to 11.3)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from qsignhub.sandbox_qtsp.authorisations import TOKEN_LIFETIME
from qsignhub.sandbox_qtsp.authority import TERRITORY
from qsignhub.sandbox_qtsp.credentials import Credential
from qsignhub.sandbox_qtsp.csc import algorithms
from qsignhub.sandbox_qtsp.csc.call import Call
from qsignhub.sandbox_qtsp.csc.errors import CscError

_BOTH = (
    *("credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"),
    *("oauth2/authorize", "oauth2/token", "oauth2/revoke"),
)
METHODS = {
    1: ("info", "auth/login", "auth/revoke", "credentials/sendOTP", *_BOTH),
    2: ("info", "auth/login", "auth/revoke", "credentials/getChallenge", *_BOTH),
}


def info(call: Call) -> dict[str, Any]:
    qtsp = call.qtsp
    answer: dict[str, Any] = {
        "specs": "2.0.0.0" if call.version == 2 else "1.0.4.0",
        "name": f"SANDBOX {qtsp.name}",
        "logo": f"{qtsp.base_url}/logo.png",
        "region": TERRITORY,
        "lang": "en",
        "description": "SANDBOX: a trust service for tests. Nothing that it signs has legal value.",
        "authType": ["basic", "oauth2client", "oauth2code"],
        "oauth2": f"{qtsp.base_url}/csc/v{call.version}/",
        "methods": list(METHODS[call.version]),
    }
    if call.version == 2:
        answer |= {
            "asynchronousOperationMode": False,
            "signAlgorithms": {"algos": list(algorithms.ALL), "algoParams": [algorithms.RSA_PSS]},
            # raw signatures alone: signatures/signDoc is not served
            "signature_formats": {"formats": [], "envelope_properties": []},
            "conformance_levels": [],
        }
    return answer


def login(call: Call) -> dict[str, Any]:
    """A user's name with the PIN as password."""
    scheme, _, encoded = (call.authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise CscError("Malformed authentication parameter", status=401)
    try:
        user_id, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise CscError("Malformed authentication parameter", status=401) from None
    if not colon:
        raise CscError("Malformed username-password")
    if not any(_lets_in(one, password) for one in call.qtsp.credentials.of_user(user_id)):
        raise CscError("An error occurred during authentication process", "authentication_error")
    return {
        "access_token": call.qtsp.authorisations.service_token(user_id),
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
    }


def _lets_in(credential: Credential, password: str) -> bool:
    with credential.turn:
        return not credential.locked and credential.pin_is(password)


def revoke(call: Call) -> None:
    call.caller()
    call.qtsp.authorisations.spend(call.parameters.string("token"))
