"""OCSP and CRL from the URLs that a certificate carries (RFC 6960, appendix A; RFC 5280)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

import httpx

from qsignhub.foundation.clock import Clock
from qsignhub.revocation.addresses import crl_addresses, ocsp_addresses
from qsignhub.revocation.errors import RevocationMalformed, RevocationSourceMissing, RevocationUnavailable
from qsignhub.revocation.model import Crl, OcspAnswer
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.revocation.verify_crl import MAX_CRL_OCTETS, verify_crl
from qsignhub.revocation.verify_ocsp import ALLOWED_SKEW, MAX_ANSWER_OCTETS, verify_ocsp

OCSP_REQUEST = "application/ocsp-request"
OCSP_RESPONSE = "application/ocsp-response"
# no compression: the bound on the size then holds for what is kept in memory
_PLAIN = {"Accept-Encoding": "identity"}


class HttpRevocationSource:
    """Asks whom the certificate names.

    A certificate can come from a stranger, and with it the URL: give a ``client`` whose transport lets
    through only what the operator allows. Redirects are not followed. ``timeout`` in seconds bounds one
    exchange. With ``nonce_required`` responders with prepared answers, which have no nonce, are refused.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        timeout: float = 10.0,
        nonce_required: bool = False,
        allowed_skew: timedelta = ALLOWED_SKEW,
    ) -> None:
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._nonce_required = nonce_required
        self._allowed_skew = allowed_skew

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        nonce = fresh_nonce()
        request = self._client.build_request
        body = build_request(certificate, issuer, nonce=nonce)
        headers = {"Content-Type": OCSP_REQUEST, "Accept": OCSP_RESPONSE, **_PLAIN}
        answer = await self._first(
            [
                request("POST", url, content=body, headers=headers, timeout=self._timeout)
                for url in ocsp_addresses(certificate)
            ],
            limit=MAX_ANSWER_OCTETS,
            content_type=OCSP_RESPONSE,
        )
        return verify_ocsp(
            answer,
            certificate,
            issuer,
            nonce=nonce,
            now=self._clock.now(),
            nonce_required=self._nonce_required,
            allowed_skew=self._allowed_skew,
        )

    async def crl(self, certificate: bytes, issuer: bytes) -> Crl:
        request = self._client.build_request
        answer = await self._first(
            [
                request("GET", url, headers=_PLAIN, timeout=self._timeout)
                for url in crl_addresses(certificate)
            ],
            limit=MAX_CRL_OCTETS,
            # servers label revocation lists in many ways; the signature is what counts
            content_type=None,
        )
        return verify_crl(answer, certificate, issuer, now=self._clock.now(), allowed_skew=self._allowed_skew)

    async def ping(self) -> None:
        """Nothing to reach before a certificate names it; only a closed client is not ready."""
        if self._client.is_closed:
            raise RevocationUnavailable("The HTTP client for revocation information is closed")

    async def _first(
        self, requests: Sequence[httpx.Request], *, limit: int, content_type: str | None
    ) -> bytes:
        """The answer of the first address that can be reached; the last one's error if none can."""
        if not requests:
            raise RevocationSourceMissing("The certificate names no address for this")
        for request in requests[:-1]:
            try:
                return await self._exchange(request, limit, content_type)
            except RevocationUnavailable:
                continue
        return await self._exchange(requests[-1], limit, content_type)

    async def _exchange(self, request: httpx.Request, limit: int, content_type: str | None) -> bytes:
        host = request.url.host
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    return await _read(response, limit, content_type)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            raise RevocationUnavailable(f"{host} does not answer about revocation") from wrong


async def _read(response: httpx.Response, limit: int, content_type: str | None) -> bytes:
    host = response.request.url.host
    if response.status_code != HTTPStatus.OK:
        raise RevocationUnavailable(f"{host} answered HTTP {response.status_code}")
    received_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in (None, received_type) or "content-encoding" in response.headers:
        raise RevocationMalformed(f"{host} did not answer with {content_type or 'a plain body'}")
    received = bytearray()
    async for chunk in response.aiter_raw():
        received += chunk
        if len(received) > limit:
            raise RevocationMalformed(f"{host} answered too much")
    return bytes(received)
