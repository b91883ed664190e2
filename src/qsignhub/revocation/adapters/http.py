"""OCSP and CRL from the URLs that a certificate carries (RFC 6960, appendix A; RFC 5280)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    body: bytes
    headers: dict[str, str]
    content_type: str | None
    """What the answer must be labelled; None takes any."""
    limit: int
    """The most octets that are read."""


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
        question = _Question(
            method="POST",
            body=build_request(certificate, issuer, nonce=nonce),
            headers={"Content-Type": OCSP_REQUEST, "Accept": OCSP_RESPONSE, **_PLAIN},
            content_type=OCSP_RESPONSE,
            limit=MAX_ANSWER_OCTETS,
        )
        answer = await self._first(ocsp_addresses(certificate), question)
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
        # servers label revocation lists in many ways; the signature is what counts
        question = _Question(method="GET", body=b"", headers=_PLAIN, content_type=None, limit=MAX_CRL_OCTETS)
        answer = await self._first(crl_addresses(certificate), question)
        return verify_crl(answer, certificate, issuer, now=self._clock.now(), allowed_skew=self._allowed_skew)

    async def ping(self) -> None:
        """Nothing to reach before a certificate names it; only a closed client is not ready."""
        if self._client.is_closed:
            raise RevocationUnavailable("The HTTP client for revocation information is closed")

    async def _first(self, addresses: Sequence[str], question: _Question) -> bytes:
        """The answer of the first address that can be reached; the last one's error if none can."""
        if not addresses:
            raise RevocationSourceMissing("The certificate names no address for this")
        for address in addresses[:-1]:
            try:
                return await self._exchange(address, question)
            except RevocationUnavailable:
                continue
        return await self._exchange(addresses[-1], question)

    async def _exchange(self, address: str, question: _Question) -> bytes:
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream(
                    question.method,
                    address,
                    content=question.body,
                    headers=question.headers,
                    timeout=self._timeout,
                    follow_redirects=False,
                ) as response,
            ):
                return await _read(response, question)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as wrong:
            raise RevocationUnavailable(f"{address} does not answer about revocation") from wrong


async def _read(response: httpx.Response, question: _Question) -> bytes:
    address = response.request.url
    if response.status_code != HTTPStatus.OK:
        raise RevocationUnavailable(f"{address} answered HTTP {response.status_code}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if question.content_type not in (None, content_type) or "content-encoding" in response.headers:
        raise RevocationMalformed(f"{address} did not answer with {question.content_type or 'a plain body'}")
    received = bytearray()
    async for chunk in response.aiter_raw():
        received += chunk
        if len(received) > question.limit:
            raise RevocationMalformed(f"{address} answered too much")
    return bytes(received)
