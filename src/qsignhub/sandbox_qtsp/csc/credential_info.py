"""Credentials described as versions 1.0.4 and 2 do (CSC API clauses 11.4, 11.5 of either)."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from cryptography import x509

from qsignhub.sandbox_qtsp.credentials import ONLINE, Credential
from qsignhub.sandbox_qtsp.csc.algorithms import curve_of, of_key
from qsignhub.sandbox_qtsp.csc.call import Call
from qsignhub.sandbox_qtsp.csc.errors import CscError

MULTISIGN = 20


def list_credentials(call: Call) -> dict[str, Any]:
    caller = call.caller()
    if caller.signing is not None:
        raise CscError("The access token is not valid", "invalid_token", 401)
    user_id = call.parameters.optional_string("userID")
    if caller.user_id is not None and user_id is not None:
        raise CscError("userID parameter MUST be null")
    of = caller.user_id or user_id
    if of is None:
        raise CscError("Missing (or invalid type) string parameter userID")
    found = call.qtsp.credentials.of_user(of)
    answer: dict[str, Any] = {}
    if call.version == 2 and call.parameters.flag("onlyValid"):
        found = [one for one in found if not one.locked and _certificate_status(call, one) == "valid"]
        answer["onlyValid"] = True
    answer["credentialIDs"] = [one.id for one in found]
    if call.version == 2 and call.parameters.flag("credentialInfo"):
        answer["credentialInfos"] = [{"credentialID": one.id} | _described(call, one) for one in found]
    return answer


def credential_info(call: Call) -> dict[str, Any]:
    return _described(call, call.credential(call.caller()))


def _described(call: Call, credential: Credential) -> dict[str, Any]:
    certificates = call.parameters.optional_string("certificates") or "single"
    if certificates not in {"none", "single", "chain"}:
        raise CscError("Invalid parameter certificates")
    info: dict[str, Any] = {
        "description": f"SANDBOX credential of {credential.user.name}",
        "key": {
            "status": "disabled" if credential.locked else "enabled",
            "algo": list(of_key(credential.key)),
            "len": credential.key.key_size,
        },
        "cert": _certificate(call, credential, certificates),
        "SCAL": "2",
        "multisign": MULTISIGN,
        "lang": "en",
    }
    if call.version == 2 and credential.user.qualified:
        info["signatureQualifier"] = "eu_eidas_qes"
    curve = curve_of(credential.key)
    if curve is not None:
        info["key"]["curve"] = curve
    detailed = call.parameters.flag("authInfo")
    return info | (
        _authorisation_1(credential, detailed) if call.version == 1 else _authorisation_2(credential)
    )


def _certificate(call: Call, credential: Credential, certificates: str) -> dict[str, Any]:
    encoded = credential.expired_certificate if call.failure == "expired" else credential.certificate
    found: dict[str, Any] = {"status": _certificate_status(call, credential)}
    if certificates != "none":
        chain = (
            (encoded, *call.qtsp.authority.chain(credential.user.ca))
            if certificates == "chain"
            else (encoded,)
        )
        found["certificates"] = [base64.b64encode(one).decode() for one in chain]
    if call.parameters.flag("certInfo"):
        loaded = x509.load_der_x509_certificate(encoded)
        found |= {
            "issuerDN": loaded.issuer.rfc4514_string(),
            "serialNumber": f"{loaded.serial_number:X}",
            "subjectDN": loaded.subject.rfc4514_string(),
            "validFrom": _generalized(loaded.not_valid_before_utc),
            "validTo": _generalized(loaded.not_valid_after_utc),
        }
    return found


def _certificate_status(call: Call, credential: Credential) -> str:
    if call.failure == "expired":
        return "expired"
    loaded = credential.loaded()
    if not call.qtsp.authority.status_of(loaded.serial_number, credential.user.ca).is_good:
        return "revoked"
    return "expired" if loaded.not_valid_after_utc <= call.qtsp.clock.now() else "valid"


def _authorisation_2(credential: Credential) -> dict[str, Any]:
    """Where nothing is asked of the signer it is ``explicit`` without objects (clause 11.6)."""
    if credential.user.auth_mode == "oauth2code":
        return {"auth": {"mode": "oauth2code"}}
    objects: list[dict[str, Any]] = []
    if credential.user.auth_mode == "explicit":
        objects.append({"type": "Password", "id": "PIN", "format": "A", "label": "PIN"})
        if credential.needs_otp:
            kind = "ChallengeResponse" if credential.user.otp == ONLINE else "Password"
            objects.append({"type": kind, "id": "OTP", "format": "N", "label": "One-time code"})
    auth: dict[str, Any] = {"mode": "explicit", "objects": objects}
    if objects:
        auth["expression"] = " AND ".join(one["id"] for one in objects)
    return {"auth": auth}


def _authorisation_1(credential: Credential, detailed: bool) -> dict[str, Any]:
    mode = credential.user.auth_mode
    answer: dict[str, Any] = {"authMode": mode}
    if detailed and mode == "explicit":
        answer["PIN"] = {"presence": "true", "format": "A", "label": "PIN"}
        answer["OTP"] = {"presence": "true" if credential.needs_otp else "false"}
        if credential.needs_otp:
            kind = "online" if credential.user.otp == ONLINE else "offline"
            answer["OTP"] |= {"type": kind, "ID": "OTP", "format": "N", "label": "One-time code"}
    return answer


def _generalized(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%SZ")
