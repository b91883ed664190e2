"""A service's OAuth 2.0 server: found through ``info``, asked for tokens (RFC 6749, RFC 8414)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from qsignhub.custody.csc.errors import CscMalformed
from qsignhub.custody.csc.model import AccessToken, Info, ServerMetadata, read
from qsignhub.custody.csc.oauth import Endpoints, basic
from qsignhub.custody.csc.transport import Call, Transport


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Who we are to the server.

    ``secret_in``: the form, as the specification prints it, or the header (RFC 6749, section 2.3.1).
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    secret_in: Literal["form", "header"] = "form"  # noqa: S105 - a place, not a secret


class AuthorizationServer:
    def __init__(
        self, transport: Transport, service_url: str, name: str, info: Callable[[], Awaitable[Info]]
    ) -> None:
        self._transport = transport
        self._service_url = service_url
        self._name = name
        self._info = info
        self._found: Endpoints | None = None

    async def endpoints(self) -> Endpoints:
        """Found once; a service that moves its OAuth 2.0 server asks for a restart of ours."""
        if self._found is None:
            info = await self._info()
            if info.oauth2:
                found = Endpoints.below(info.oauth2)
            elif info.oauth2_issuer:
                found = await self._discovered(info.oauth2_issuer)
            else:
                raise CscMalformed(f"{self._name} does not say where its OAuth 2.0 server is.")
            self._found = found.checked(self._service_url)
        return self._found

    async def token(
        self, client: OAuthClient, grant: Mapping[str, str], *, repeatable: bool = False
    ) -> AccessToken:
        """``oauth2/token`` (clause 8.3.3 of v1, 8.4.4 of v2). A code is good for one try: not repeated."""
        form = {**grant, "client_id": client.client_id}
        authorization = None
        if client.client_secret is not None:
            if client.secret_in == "header":  # noqa: S105
                authorization = basic(client.client_id, client.client_secret, form_encoded=True)
            else:
                form["client_secret"] = client.client_secret
        endpoint = (await self.endpoints()).token
        call = Call(endpoint, form=form, authorization=authorization, repeatable=repeatable)
        return read(AccessToken, (await self._transport.send(call)).body)

    async def _discovered(self, issuer: str) -> Endpoints:
        """RFC 8414, section 3: the well-known part stands before the issuer's path."""
        parts = urlsplit(issuer)
        path = f"/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
        url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        Endpoints(url, url).checked(self._service_url)
        metadata = read(ServerMetadata, (await self._transport.send(Call(url, repeatable=True))).body)
        if metadata.issuer.rstrip("/") != issuer.rstrip("/"):
            raise CscMalformed(f"{self._name} names one OAuth 2.0 issuer, and its metadata another.")
        return Endpoints(metadata.authorization_endpoint, metadata.token_endpoint)
