"""Tokens with which an integrator's page embeds the signing of one request: JWT (RFC 7519), RS256.

Anybody can check one against the published key set (RFC 7517), and nobody can make one. It names a
request and says until when; it is no credential of a signer's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import RSAAlgorithm

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.ids import new_token
from qsignhub.foundation.register import Vault
from qsignhub.foundation.scope import Mode
from qsignhub.signature_requests.errors import EmbedKeyUnusable, EmbedTokenInvalid

AUDIENCE: Final = "qsignhub-embed"
LIFETIME = timedelta(hours=24)

_SKEW = timedelta(minutes=1)
"""By how much the clocks of two machines may differ."""
_ALGORITHM = "RS256"
_KEY_BITS = 2048
_VAULT = ("signature_requests.embed-key", "1")
_CLAIMS = ["iss", "sub", "aud", "iat", "exp", "mode", "jti"]
_MODES: dict[str, Mode] = {"test": "test", "live": "live"}
_MAX_LENGTH = 4096
_INVALID = "This embed token is not valid, or not any more; create a signature request for a fresh one."


@dataclass(frozen=True, slots=True)
class EmbedClaims:
    """What a verified token says."""

    request_id: str
    mode: Mode
    token_id: str
    issued_at: datetime
    expires_at: datetime


class EmbedTokens:
    """``issuer`` is the service's base URL. Tokens go by the real clock, also in the test world."""

    def __init__(self, key: rsa.RSAPrivateKey, issuer: str, clock: Clock) -> None:
        self._key = key
        self._issuer = issuer
        self._clock = clock
        public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self._jwk = {name: public[name] for name in ("kty", "n", "e")}
        self._key_id = _thumbprint(self._jwk)

    async def issue(self, request_id: str, mode: Mode, expires_at: datetime) -> str:
        """A token for 24 hours, or until the request's own expiry if that comes earlier."""
        now = self._clock.now()
        claims = {
            "iss": self._issuer,
            "sub": request_id,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int(min(now + LIFETIME, expires_at).timestamp()),
            "mode": mode,
            "jti": new_token(),
        }
        # RSA takes a millisecond or more: not on the event loop
        return await asyncio.to_thread(
            jwt.encode, claims, self._key, _ALGORITHM, headers={"kid": self._key_id}
        )

    def verify(self, token: str) -> EmbedClaims:
        """Raises EmbedTokenInvalid, which does not say why.

        The algorithm is ours to say, not the token's (RFC 8725 clause 3.1): ``none``, or an HMAC under
        the public key, is not looked at. Nor is a key or URL of a key that the header brings along.
        """
        try:
            if len(token) > _MAX_LENGTH:
                raise jwt.InvalidTokenError
            header = jwt.get_unverified_header(token)
            # an extension that must be understood (RFC 7515 clause 4.1.11), and we know none
            if header.get("kid") != self._key_id or "crit" in header:
                raise jwt.InvalidTokenError
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                # the times are compared below, by our clock
                options={
                    "require": _CLAIMS,
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            found = _read(claims)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
            raise EmbedTokenInvalid(_INVALID) from None
        now = self._clock.now()
        if not found.issued_at - _SKEW <= now < found.expires_at:
            raise EmbedTokenInvalid(_INVALID)
        return found

    def jwks(self) -> dict[str, Any]:
        """The public key, as a JWK Set (RFC 7517 clause 5)."""
        return {"keys": [{**self._jwk, "use": "sig", "alg": _ALGORITHM, "kid": self._key_id}]}


async def open_embed_tokens(vault: Vault, base_url: str, clock: Clock) -> EmbedTokens:
    """The key is made on the first start; of several processes that start at once all load the same."""
    encoded = await vault.reveal(*_VAULT)
    if encoded is None:
        await vault.keep(*_VAULT, await asyncio.to_thread(_new_key))
        encoded = await vault.reveal(*_VAULT)
    # It was sealed by us, so it is as we made it: checking its primes again would delay every start.
    key = load_der_private_key(encoded or b"", None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise EmbedKeyUnusable("The key of embed tokens is not an RSA key.")
    return EmbedTokens(key, base_url.rstrip("/"), clock)


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638 clause 3: SHA-256 over the required members, in lexicographic order, without blanks."""
    canonical = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _read(claims: dict[str, Any]) -> EmbedClaims:
    return EmbedClaims(
        request_id=claims["sub"],
        mode=_MODES[claims["mode"]],
        token_id=claims["jti"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )
