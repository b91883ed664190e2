"""The calls of the CSC API, v1.0.4.0 and v2, with the names that the specification gives them.

Reading calls are repeated while the service cannot be reached. ``authorize``, ``sign_hash`` and ``redeem``
are sent once: whether an answer was lost or never made, a second call could use the key a second time.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from qsignhub.custody.csc.algorithms import HASH_OIDS, SignAlgo
from qsignhub.custody.csc.authorization_server import AuthorizationServer, OAuthClient
from qsignhub.custody.csc.errors import CscAuthorisationRefused, CscMalformed, CscUnauthorised, CscUnavailable
from qsignhub.custody.csc.model import (
    Authorised,
    Challenge,
    CredentialInfo,
    CredentialsPage,
    Info,
    Signatures,
    Version,
    read,
)
from qsignhub.custody.csc.oauth import ConsentRequest
from qsignhub.custody.csc.service_authorisation import (
    ClientCredentials,
    NoAuthorisation,
    ServiceAuthorisation,
    ServiceAuthoriser,
)
from qsignhub.custody.csc.transport import MAX_CHAIN_OCTETS, MAX_OCTETS, Answer, Call, Transport
from qsignhub.foundation.clock import Clock

_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.5, 5.0


class CscClient:
    """One remote signing service.

    ``base_url`` ends with the version's part (``https://service.domain.org/csc/v1``). ``http`` is the
    caller's, with whatever proxies and client certificates the service asks for. ``timeout`` in seconds
    bounds each exchange; ``approval_timeout`` how long a signer may take to approve out of band (v2).
    ``oauth_client`` asks signers for their consent; without it, the one of the service authorisation.

    Every call raises CscUnavailable, CscMalformed, CscRefused and their kinds.
    """

    def __init__(
        self,
        base_url: str,
        http: httpx.AsyncClient,
        *,
        version: Version,
        authorisation: ServiceAuthorisation,
        clock: Clock,
        oauth_client: OAuthClient | None = None,
        name: str | None = None,
        timeout: float = 10.0,
        approval_timeout: float = 60.0,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._version: Version = version
        self._authorisation = authorisation
        self._oauth_client = oauth_client or (
            authorisation.client if isinstance(authorisation, ClientCredentials) else None
        )
        self._name = name or urlsplit(base_url).hostname or "The remote signing service"
        self._transport = Transport(http, name=self._name, timeout=timeout)
        self._approval_timeout = approval_timeout
        self._server = AuthorizationServer(self._transport, self._base, self._name, self.info)
        self._authoriser = ServiceAuthoriser(
            authorisation, self._transport, self._server, clock, login_url=f"{self._base}/auth/login"
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def version(self) -> Version:
        return self._version

    async def info(self, lang: str | None = None) -> Info:
        """``info`` (clause 11.1); the one call that needs no authorisation."""
        answer = await self._transport.send(
            Call(f"{self._base}/info", body=_given(lang=lang), repeatable=True)
        )
        return read(Info, answer.body)

    async def list_credentials(
        self,
        user_id: str | None = None,
        *,
        page: str | None = None,
        max_results: int | None = None,
        described: bool = False,
    ) -> CredentialsPage:
        """``credentials/list`` (clause 11.4), one page; v2 can describe each credential at once."""
        body = _given(userID=user_id, maxResults=max_results, pageToken=page)
        if described and self._version == "v2":
            body |= {"credentialInfo": True, **_EVERYTHING}
        answer = await self._call("credentials/list", body, repeatable=True, limit=MAX_CHAIN_OCTETS)
        return read(CredentialsPage, answer.body)

    async def credential_info(self, credential_id: str) -> CredentialInfo:
        """``credentials/info`` (clause 11.5) with chain and authorisation."""
        body = {"credentialID": credential_id, **_EVERYTHING}
        answer = await self._call("credentials/info", body, repeatable=True, limit=MAX_CHAIN_OCTETS)
        return read(CredentialInfo, answer.body)

    async def send_otp(self, credential_id: str, *, client_data: str | None = None) -> None:
        """``credentials/sendOTP`` (v1, clause 11.8): the signer is sent a code."""
        await self._call("credentials/sendOTP", _given(credentialID=credential_id, clientData=client_data))

    async def get_challenge(self, credential_id: str, auth_object_id: str) -> str | None:
        """``credentials/getChallenge`` (v2, clause 11.8); None if it was sent to the signer out of band."""
        body = {"credentialID": credential_id, "authObjectID": auth_object_id}
        answer = await self._call("credentials/getChallenge", body)
        return read(Challenge, answer.body).challenge

    async def authorize(
        self,
        credential_id: str,
        hashes: Sequence[bytes],
        hash_name: str,
        *,
        pin: str | None = None,
        otp: str | None = None,
        auth_data: Sequence[dict[str, str]] | None = None,
        client_data: str | None = None,
    ) -> str:
        """``credentials/authorize`` (clause 11.6) for exactly these hashes: the activation data (SAD).

        v1, and credentials that describe themselves as v1 does, take ``pin`` and ``otp``; v2 takes
        ``auth_data``. Waits while a signer approves out of band (v2, clause 11.7).
        """
        body: dict[str, Any] = {"credentialID": credential_id, "numSignatures": len(hashes)}
        body |= self._hashes(hashes, hash_name, "authorize")
        body |= _given(PIN=pin, OTP=otp, authData=list(auth_data) if auth_data else None)
        body |= _given(clientData=client_data)
        said = read(Authorised, (await self._call("credentials/authorize", body)).body)
        if said.sad is None and said.handle is not None:
            said = await self._approved(said.handle)
        if said.sad is None:
            raise CscMalformed(f"{self._name} gave no activation data.")
        return said.sad

    async def _approved(self, handle: str) -> Authorised:
        pause = _FIRST_POLL_SECONDS
        try:
            async with asyncio.timeout(self._approval_timeout):
                while True:
                    await asyncio.sleep(pause)
                    answer = await self._call("credentials/authorizeCheck", {"handle": handle})
                    said = read(Authorised, answer.body)
                    if said.sad is not None or said.handle is None:
                        return said
                    handle, pause = said.handle, min(pause * 2, _LONGEST_POLL_SECONDS)
        except TimeoutError:
            raise CscUnavailable(f"The signer's approval did not reach {self._name} in time.") from None

    async def sign_hash(
        self,
        credential_id: str,
        sad: str,
        hashes: Sequence[bytes],
        hash_name: str,
        algorithm: SignAlgo,
        *,
        consented: bool = False,
        client_data: str | None = None,
    ) -> list[bytes]:
        """``signatures/signHash`` (clause 11.9 of v1, 11.10 of v2): one signature value a hash, in order.

        Synchronous, the default of v2. ``consented``: the SAD is from ``redeem``; v2 takes it as the
        bearer token where there is no service authorisation.
        """
        body: dict[str, Any] = {"credentialID": credential_id}
        bearer = None
        if consented and self._version == "v2" and isinstance(self._authorisation, NoAuthorisation):
            bearer = f"Bearer {sad}"
        else:
            body["SAD"] = sad
        body |= self._hashes(hashes, hash_name, "signHash")
        body |= {"signAlgo": algorithm.oid} | _given(signAlgoParams=algorithm.parameters)
        body |= _given(clientData=client_data)
        try:
            answer = await self._call("signatures/signHash", body, authorization=bearer)
        except CscUnauthorised as refused:
            if bearer is None:
                raise
            # here the bearer is the signer's activation data, and not our own token
            raise CscAuthorisationRefused(refused.message, which="sad") from None
        values = read(Signatures, answer.body).signatures
        if len(values) != len(hashes):
            raise CscMalformed(f"{self._name} answered {len(values)} signatures to {len(hashes)} hashes.")
        try:
            return [b64decode(value, validate=True) for value in values]
        except (binascii.Error, ValueError):
            raise CscMalformed(f"{self._name} answered a signature that is not base64.") from None

    async def consent_url(self, request: ConsentRequest) -> str:
        """``oauth2/authorize`` with scope ``credential``: where the signer's browser is sent."""
        return request.url((await self._server.endpoints()).authorize, self._version)

    async def redeem(self, code: str, *, redirect_uri: str, code_verifier: str | None) -> str:
        """``oauth2/token`` for the code that the signer came back with: the activation data (SAD)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if code_verifier is not None:
            form["code_verifier"] = code_verifier
        return (await self._server.token(self._client_of_consents(), form)).value

    @property
    def client_id(self) -> str:
        """Ours at the service's OAuth 2.0 server. Raises CscUnauthorised where there is none configured."""
        return self._client_of_consents().client_id

    def _client_of_consents(self) -> OAuthClient:
        if self._oauth_client is None:
            raise CscUnauthorised(
                f"{self._name} asks signers for consent, and no OAuth client is configured."
            )
        return self._oauth_client

    def _hashes(self, hashes: Sequence[bytes], hash_name: str, method: str) -> dict[str, Any]:
        """Base64 here, base64url in the consent's URL."""
        encoded = [b64encode(digest).decode() for digest in hashes]
        if self._version == "v2":
            return {"hashes": encoded, "hashAlgorithmOID": HASH_OIDS[hash_name]}
        named = {"hashAlgo": HASH_OIDS[hash_name]} if method == "signHash" else {}
        return {"hash": encoded} | named

    async def _call(
        self,
        method: str,
        body: dict[str, Any],
        *,
        repeatable: bool = False,
        limit: int = MAX_OCTETS,
        authorization: str | None = None,
    ) -> Answer:
        if authorization is not None:
            call = Call(f"{self._base}/{method}", body=body, authorization=authorization, limit=limit)
            return await self._transport.send(call)
        header = await self._authoriser.header()
        call = Call(
            f"{self._base}/{method}", body=body, authorization=header, limit=limit, repeatable=repeatable
        )
        try:
            return await self._transport.send(call)
        except CscUnauthorised:
            # a token can end before its time: the next call gets a fresh one, a reading call at once
            if not await self._authoriser.forget(header) or not repeatable:
                raise
        return await self._transport.send(replace(call, authorization=await self._authoriser.header()))


_EVERYTHING = {"certificates": "chain", "certInfo": True, "authInfo": True}


def _given(**values: Any) -> dict[str, Any]:
    """Absent rather than null: services read null in different ways."""
    return {name: value for name, value in values.items() if value is not None}
