"""credentials/authorize and what leads to it: codes that are sent, challenges (CSC API v2 11.6, 11.8)."""

from __future__ import annotations

from typing import Any

from qsignhub.sandbox_qtsp.authorisations import ACTIVATION_LIFETIME, Signing
from qsignhub.sandbox_qtsp.credentials import ONLINE, Credential
from qsignhub.sandbox_qtsp.csc.algorithms import HASHES
from qsignhub.sandbox_qtsp.csc.call import Call
from qsignhub.sandbox_qtsp.csc.credential_info import MULTISIGN
from qsignhub.sandbox_qtsp.csc.errors import CscError


def send_otp(call: Call) -> None:
    """Version 1: the code goes to the outbox of the sandbox."""
    credential = call.credential(call.caller())
    if credential.user.otp != ONLINE:
        raise CscError("The credential has no online OTP")
    call.qtsp.send_otp(credential)


def get_challenge(call: Call) -> None:
    """Version 2: out of band, so that the answer is empty."""
    credential = call.credential(call.caller())
    if call.parameters.string("authObjectID") != "OTP" or credential.user.otp != ONLINE:
        raise CscError("Invalid parameter authObjectID")
    call.qtsp.send_otp(credential)


def authorize(call: Call) -> dict[str, Any]:
    caller = call.caller()
    if caller.signing is not None:
        raise CscError("The access token is not valid", "invalid_token", 401)
    credential = call.credential(caller)
    if credential.user.auth_mode == "oauth2code":
        raise CscError("The credential is authorized by OAuth 2.0")
    number = checked_number(call.parameters.number("numSignatures"))
    hashes = call.parameters.hashes("hash" if call.version == 1 else "hashes")
    hash_algorithm = None
    if call.version == 2:
        hash_algorithm = call.parameters.string("hashAlgorithmOID")
        if hash_algorithm not in HASHES:
            raise CscError("Invalid parameter hashAlgorithmOID")
    if len(hashes) > number:
        raise CscError("Invalid value for parameter numSignatures")
    if credential.user.auth_mode == "explicit":
        with credential.turn:
            if call.version == 1:
                _check_version_1(call, credential)
            else:
                _check_version_2(call, credential)
            credential.activated()
    signing = Signing(credential.id, hashes, number, hash_algorithm)
    return {
        "SAD": call.qtsp.authorisations.activation(signing),
        "expiresIn": int(ACTIVATION_LIFETIME.total_seconds()),
    }


def checked_number(number: int) -> int:
    if number < 1:
        raise CscError("Invalid value for parameter numSignatures")
    if number > MULTISIGN:
        raise CscError("Numbers of signatures is too high")
    return number


def _check_version_1(call: Call, credential: Credential) -> None:
    if credential.locked:
        raise CscError("PIN locked")
    if not credential.pin_is(call.parameters.string("PIN")):
        raise CscError("PIN locked" if credential.locked else "The PIN is invalid", "invalid_pin")
    if credential.needs_otp and not credential.otp_is(call.parameters.string("OTP")):
        raise CscError("The OTP is invalid", "invalid_otp")


def _check_version_2(call: Call, credential: Credential) -> None:
    if credential.locked:
        raise CscError("Credential locked")
    given = {str(one.get("id")): one.get("value") for one in call.parameters.objects("authData")}
    pin, otp = given.get("PIN"), given.get("OTP")
    right = isinstance(pin, str) and credential.pin_is(pin)
    if right and credential.needs_otp:
        right = isinstance(otp, str) and credential.otp_is(otp)
    if not right:
        if credential.locked:
            raise CscError("Credential locked")
        raise CscError("The authentication data is invalid", "invalid_authentication_data")
