"""signatures/signHash (CSC API v2 clause 11.10): what was authorised is signed, once."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from qsignhub.sandbox_qtsp.authorisations import Grant, Signing
from qsignhub.sandbox_qtsp.credentials import Credential, PrivateKey
from qsignhub.sandbox_qtsp.csc.algorithms import Scheme, of_key
from qsignhub.sandbox_qtsp.csc.call import Call
from qsignhub.sandbox_qtsp.csc.errors import CscError


def sign_hash(call: Call) -> dict[str, Any]:
    caller = call.caller()
    credential = call.credential(caller)
    scheme = _scheme(call, credential)
    hashes = call.parameters.hashes("hash" if call.version == 1 else "hashes")
    activation, signing = _activation(call, caller)
    if signing.credential_id != credential.id:
        raise CscError("Invalid parameter SAD")
    if signing.hash_algorithm not in {None, scheme.hash_oid} or Counter(hashes) - Counter(signing.hashes):
        raise CscError("Hash is not authorized by the SAD")
    if len(hashes) > signing.number:
        raise CscError("Numbers of signatures is too high")
    if credential.loaded().not_valid_after_utc <= call.qtsp.clock.now():
        raise CscError("Signing certificate is expired")
    key = _wrong_key(credential.key) if call.failure == "wrong_key" else credential.key
    signatures = [scheme.sign(key, digest) for digest in hashes]
    if not call.qtsp.authorisations.spend(activation):  # somebody else was quicker with it
        raise CscError("Invalid parameter SAD")
    return {"signatures": [base64.b64encode(signature).decode() for signature in signatures]}


def _scheme(call: Call, credential: Credential) -> Scheme:
    algorithm = call.parameters.string("signAlgo")
    if algorithm not in of_key(credential.key):
        raise CscError("Invalid parameter signAlgo")
    hash_name = "hashAlgo" if call.version == 1 else "hashAlgorithmOID"
    return Scheme(
        algorithm,
        call.parameters.optional_string("signAlgoParams"),
        call.parameters.optional_string(hash_name),
        hash_name,
    )


def _activation(call: Call, caller: Grant) -> tuple[str, Signing]:
    """The SAD, or the bearer token itself where its scope is ``credential``."""
    if caller.signing is not None:
        return call.token(), caller.signing
    token = call.parameters.string("SAD")
    grant = call.qtsp.authorisations.find(token, "activation")
    if grant is None or grant.signing is None:
        raise CscError("Invalid parameter SAD")
    if call.qtsp.authorisations.expired(grant):
        raise CscError("SAD expired")
    return token, grant.signing


def _wrong_key(key: PrivateKey) -> PrivateKey:
    """Another one of the same kind, so that only the mathematics tells."""
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa.generate_private_key(public_exponent=65537, key_size=key.key_size)
    return ec.generate_private_key(key.curve)
