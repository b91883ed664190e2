"""OAuth 2.0 for a signer's consent (clause 8.3 of v1, 8.4 of v2; RFC 6749, RFC 7636)."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from qsignhub.custody.csc.algorithms import HASH_OIDS
from qsignhub.custody.csc.errors import CscMalformed
from qsignhub.custody.csc.model import Version


@dataclass(frozen=True, slots=True)
class Endpoints:
    authorize: str
    token: str

    @classmethod
    def below(cls, base: str) -> Endpoints:
        """The fixed paths under the base URI that ``info`` names as ``oauth2``."""
        base = base.rstrip("/")
        # some services name the base with its last part, and the printed example without it
        base = base if base.endswith("/oauth2") else f"{base}/oauth2"
        return cls(f"{base}/authorize", f"{base}/token")

    def checked(self, service_url: str) -> Endpoints:
        """An https service must not send secrets, or signers, to http."""
        allowed = {"https"} if urlsplit(service_url).scheme == "https" else {"https", "http"}
        for url in (self.authorize, self.token):
            parts = urlsplit(url)
            if parts.scheme not in allowed or not parts.hostname or parts.username is not None:
                raise CscMalformed("The remote signing service names an OAuth 2.0 address that is not safe.")
        return self


@dataclass(frozen=True, slots=True)
class Verifier:
    """PKCE (RFC 7636): who has only the code in the redirect cannot redeem it."""

    value: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Verifier:
        return cls(secrets.token_urlsafe(32))

    @property
    def challenge(self) -> str:
        """S256."""
        return base64url(hashlib.sha256(self.value.encode("ascii")).digest())


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What the signer is asked to consent to, at the trust service's own page.

    ``hashes`` are raw digests under ``hash_name``; ``state`` comes back with the code, and binds it to
    the browser that was sent.
    """

    client_id: str
    redirect_uri: str
    credential_id: str
    hashes: Sequence[bytes]
    hash_name: str
    state: str
    code_challenge: str | None
    lang: str | None = None
    description: str | None = None

    def url(self, endpoint: str, version: Version) -> str:
        """Clause 8.3.2 of v1, 8.4.2 of v2. Hashes are base64url without padding, separated by commas."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "credential",
        }
        if self.code_challenge is not None:  # v1 does not have it; a server that does not know it ignores it
            query |= {"code_challenge": self.code_challenge, "code_challenge_method": "S256"}
        query |= {"credentialID": self.credential_id, "numSignatures": str(len(self.hashes))}
        joined = ",".join(base64url(digest) for digest in self.hashes)
        if version == "v1":
            query["hash"] = joined
        else:
            query |= {"hashes": joined, "hashAlgorithmOID": HASH_OIDS[self.hash_name]}
        if self.description is not None:
            query["description"] = self.description[:500]
        if self.lang is not None:
            query["lang"] = self.lang
        query["state"] = self.state
        separator = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{separator}{urlencode(query, quote_via=quote, safe=',')}"


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def basic(username: str, password: str, *, form_encoded: bool = False) -> str:
    """RFC 7617; OAuth encodes both parts as a form does (RFC 6749, section 2.3.1)."""
    if form_encoded:
        username, password = quote(username, safe=""), quote(password, safe="")
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()
