"""How we show the service who we are (clause 8.1), before any signer is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from qsignhub.custody.csc.authorization_server import AuthorizationServer, OAuthClient
from qsignhub.custody.csc.model import AccessToken, read
from qsignhub.custody.csc.oauth import basic
from qsignhub.custody.csc.transport import Call, Transport
from qsignhub.foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class NoAuthorisation:
    """Mutual TLS, or a network that only we can reach: nothing in the request (``TLS``, ``external``)."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token that the operator was given; it is sent as it is, and never renewed."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """``auth/login`` with HTTP Basic (clause 11.2), which answers with a token."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials (clause 8.3.3 of v1, 8.4.4 of v2; RFC 6749, section 4.4)."""

    client: OAuthClient
    scope: str | None = "service"


ServiceAuthorisation: TypeAlias = NoAuthorisation | BearerToken | BasicLogin | ClientCredentials

DEFAULT_LIFETIME = timedelta(seconds=3600)  # where the service does not say (clauses 8.4.4, 11.2)
_MARGIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class HeldToken:
    value: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def received(cls, value: str, expires_in: float | None, now: datetime) -> HeldToken:
        """Held for less than it lasts: a token must not run out on its way."""
        lifetime = DEFAULT_LIFETIME if expires_in is None else timedelta(seconds=min(expires_in, 86400.0))
        return cls(value, now + max(lifetime - _MARGIN, lifetime / 2))

    def holds(self, now: datetime) -> bool:
        return now < self.expires_at


class ServiceAuthoriser:
    """The ``Authorization`` header of our calls; tokens are held until they end."""

    def __init__(
        self,
        authorisation: ServiceAuthorisation,
        transport: Transport,
        server: AuthorizationServer,
        clock: Clock,
        *,
        login_url: str,
    ) -> None:
        self._authorisation = authorisation
        self._transport = transport
        self._server = server
        self._clock = clock
        self._login_url = login_url
        self._token: HeldToken | None = None
        self._renewal = asyncio.Lock()

    async def header(self) -> str | None:
        """Raises CscUnavailable, CscMalformed, CscRefused where a token is needed and not to be had."""
        match self._authorisation:
            case NoAuthorisation():
                return None
            case BearerToken(token):
                return f"Bearer {token}"
            case (BasicLogin() | ClientCredentials()) as renewable:
                return await self._current(renewable)

    async def forget(self, header: str | None) -> bool:
        """After a 401: whether another token can be had."""
        if not isinstance(self._authorisation, BasicLogin | ClientCredentials):
            return False
        async with self._renewal:
            # only the one that was refused: another call may have renewed it meanwhile
            if self._token is not None and header == f"Bearer {self._token.value}":
                self._token = None
        return True

    async def _current(self, authorisation: BasicLogin | ClientCredentials) -> str:
        async with self._renewal:
            if self._token is None or not self._token.holds(self._clock.now()):
                said = await self._fresh(authorisation)
                self._token = HeldToken.received(said.value, said.expires_in, self._clock.now())
            return f"Bearer {self._token.value}"

    async def _fresh(self, authorisation: BasicLogin | ClientCredentials) -> AccessToken:
        match authorisation:
            case BasicLogin(username, password):
                login = Call(
                    self._login_url,
                    body={},
                    authorization=basic(username, password),
                    repeatable=True,
                )
                return read(AccessToken, (await self._transport.send(login)).body)
            case ClientCredentials(client, scope):
                grant = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
                return await self._server.token(client, grant, repeatable=True)
