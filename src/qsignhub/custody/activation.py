"""Signature activation data: the signer's one-time authorisation, bound to signer, key and digest.

CEN EN 419 241-1 (SCAL2) asks that a key signs only what its signer authorised. The party that saw
the signer's act issues an authorisation; custody checks it by itself and asks nobody else.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from qsignhub.custody.errors import ActivationExpired, ActivationRefused

LIFETIME = timedelta(minutes=10)
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Activation:
    """What the authorisation says. ``digest`` is the SHA-256 of the bytes to be signed."""

    id: str
    signer_id: str
    key_id: str
    digest: bytes
    expires_at: datetime


class ActivationIssuer:
    """Held by the ceremony alone: it issues after the signer's act, never on its own."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def issue(self, activation: Activation) -> bytes:
        claims = json.dumps(
            {
                "id": activation.id,
                "signer": activation.signer_id,
                "key": activation.key_id,
                "digest": b64encode(activation.digest).decode(),
                "expires": activation.expires_at.timestamp(),
            },
            sort_keys=True,
        ).encode()
        return self._key.sign(claims) + claims


class ActivationVerifier:
    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, token: bytes, *, key_id: str, digest: bytes, now: datetime) -> Activation:
        """The authorisation, if it is genuine, current, and for exactly this key and digest."""
        signature, claims = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:]
        try:
            self._key.verify(signature, claims)
        except InvalidSignature:
            raise ActivationRefused("The signing authorisation is not genuine.") from None
        said = json.loads(claims)
        activation = Activation(
            id=said["id"],
            signer_id=said["signer"],
            key_id=said["key"],
            digest=b64decode(said["digest"]),
            expires_at=datetime.fromtimestamp(said["expires"], UTC),
        )
        if activation.key_id != key_id:
            raise ActivationRefused("The signing authorisation is for another key.")
        if activation.digest != digest:
            raise ActivationRefused("The signing authorisation is for other data.")
        if activation.expires_at <= now:
            raise ActivationExpired("The signing authorisation is over; the signer has to authorise again.")
        return activation
