"""Signature values as services send them, brought into one form, and verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from qsignhub.custody.csc.credentials import CredentialKey
from qsignhub.foundation.signature_algorithms import SignatureAlgorithm


def verified(
    value: bytes, public_key: CredentialKey, algorithm: SignatureAlgorithm, message: bytes
) -> bytes | None:
    """The signature over ``message``: RSA as it came, ECDSA as DER; None if it is none by this key."""
    for signature in _readings(value, public_key):
        try:
            # not by the algorithm itself, which knows no RSA keys that are running out (``allow_rsa_2048``)
            if isinstance(public_key, EllipticCurvePublicKey):
                public_key.verify(signature, message, ECDSA(algorithm.hash))
            else:
                public_key.verify(signature, message, algorithm.padding, algorithm.hash)
        except InvalidSignature:
            continue
        return signature
    return None


def _readings(value: bytes, public_key: CredentialKey) -> Iterator[bytes]:
    """What a value can be taken for: RSA as it is; ECDSA as DER, out of DER or r || s.

    The specification leaves ECDSA's form open. A value can be both only by chance; the one that verifies
    is the signature.
    """
    if not isinstance(public_key, EllipticCurvePublicKey):
        yield value
        return
    octets = (public_key.curve.key_size + 7) // 8
    with suppress(ValueError):
        yield encode_dss_signature(*decode_dss_signature(value))
    if len(value) == 2 * octets:
        yield encode_dss_signature(
            int.from_bytes(value[:octets], "big"), int.from_bytes(value[octets:], "big")
        )
