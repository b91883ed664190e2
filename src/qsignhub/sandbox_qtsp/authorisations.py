"""Access tokens, authorization codes and signature activation data: what was allowed, to whom, how long."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from qsignhub.foundation.clock import Clock

TOKEN_LIFETIME = timedelta(hours=1)
ACTIVATION_LIFETIME = timedelta(minutes=5)
CODE_LIFETIME = timedelta(minutes=1)
CONSENT_LIFETIME = timedelta(minutes=10)
_MOST_KEPT = 10_000

Kind: TypeAlias = Literal["service", "activation", "code", "consent"]


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signer allows: these digests, so many signatures, with this credential."""

    credential_id: str
    hashes: tuple[bytes, ...]
    number: int
    hash_algorithm: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request (RFC 6749 clause 4.1.1) on its way to a code."""

    client_id: str
    redirect_uri: str
    state: str | None
    challenge: str
    challenge_method: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    kind: Kind
    expires_at: datetime
    user_id: str | None = None
    signing: Signing | None = None
    request: Request | None = None


class Authorisations:
    """In memory: a restart forgets all of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def service_token(self, user_id: str | None) -> str:
        """``user_id`` is None where a client acts for any user."""
        return self._keep(Grant("service", self._clock.now() + TOKEN_LIFETIME, user_id))

    def activation(self, signing: Signing) -> str:
        """SAD, or an access token of scope ``credential``: it opens one signing, within five minutes."""
        return self._keep(Grant("activation", self._clock.now() + ACTIVATION_LIFETIME, signing=signing))

    def consent(self, request: Request, signing: Signing) -> str:
        until = self._clock.now() + CONSENT_LIFETIME
        return self._keep(Grant("consent", until, signing=signing, request=request))

    def code(self, request: Request, signing: Signing) -> str:
        until = self._clock.now() + CODE_LIFETIME
        return self._keep(Grant("code", until, signing=signing, request=request))

    def find(self, token: str, kind: Kind) -> Grant | None:
        """Also one that has expired: ``expired`` tells."""
        grant = self._grants.get(token)
        return grant if grant is not None and grant.kind == kind else None

    def expired(self, grant: Grant) -> bool:
        return grant.expires_at <= self._clock.now()

    def spend(self, token: str) -> bool:
        """Whether it was there until now; of several at once, one."""
        return self._grants.pop(token, None) is not None

    def _keep(self, grant: Grant) -> str:
        if len(self._grants) >= _MOST_KEPT:
            self._grants = {token: one for token, one in self._grants.items() if not self.expired(one)}
        token = secrets.token_urlsafe(32)
        self._grants[token] = grant
        return token
