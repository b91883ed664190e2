"""OCSP and CRL from the URLs that a certificate carries (RFC 6960, appendix A; RFC 5280)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

import httpx

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.outward import OutwardRefused
from qsignhub.revocation.addresses import crl_addresses, ocsp_addresses
from qsignhub.revocation.errors import (
    RevocationError,
    RevocationMalformed,
    RevocationSourceMissing,
    RevocationUnavailable,
    most_telling,
)
from qsignhub.revocation.kept_crls import CRL_KEPT, KeptCrls
from qsignhub.revocation.model import Crl, OcspAnswer
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.revocation.verify_crl import MAX_CRL_OCTETS, verify_crl
from qsignhub.revocation.verify_ocsp import ALLOWED_SKEW, MAX_ANSWER_OCTETS, verify_ocsp

OCSP_REQUEST = "application/ocsp-request"
OCSP_RESPONSE = "application/ocsp-response"
# no compression: the bound on the size then holds for what is kept in memory
_PLAIN = {"Accept-Encoding": "identity"}
_MOST_ADDRESSES = 4
A = TypeVar("A", OcspAnswer, Crl)


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
    """Asks whom the certificate names, in its order, until one answers as it must.

    A certificate can come from a stranger, and with it the URL: give a ``client`` whose transport lets
    through only what the operator allows. Redirects are not followed. ``timeout`` in seconds bounds one
    exchange, and at most four addresses of a kind are asked. With ``nonce_required`` responders with
    prepared answers, which have no nonce, are refused. A CRL is kept in memory and asked for again after
    ``crl_kept``, at the latest when its nextUpdate has come.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        timeout: float = 10.0,
        nonce_required: bool = False,
        allowed_skew: timedelta = ALLOWED_SKEW,
        crl_kept: timedelta = CRL_KEPT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._nonce_required = nonce_required
        self._allowed_skew = allowed_skew
        self._kept = KeptCrls(crl_kept)

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        nonce = fresh_nonce()
        question = _Question(
            method="POST",
            body=build_request(certificate, issuer, nonce=nonce),
            headers={"Content-Type": OCSP_REQUEST, "Accept": OCSP_RESPONSE, **_PLAIN},
            content_type=OCSP_RESPONSE,
            limit=MAX_ANSWER_OCTETS,
        )

        async def ask(address: str) -> OcspAnswer:
            return verify_ocsp(
                await self._exchange(address, question),
                certificate,
                issuer,
                nonce=nonce,
                now=self._clock.now(),
                nonce_required=self._nonce_required,
                allowed_skew=self._allowed_skew,
            )

        return await _first(ocsp_addresses(certificate), ask)

    async def crl(self, certificate: bytes, issuer: bytes, *, not_before: datetime | None = None) -> Crl:
        # servers label revocation lists in many ways; the signature is what counts
        question = _Question(method="GET", body=b"", headers=_PLAIN, content_type=None, limit=MAX_CRL_OCTETS)

        def verify(der: bytes) -> Crl:
            now = self._clock.now()
            return verify_crl(der, certificate, issuer, now=now, allowed_skew=self._allowed_skew)

        async def ask(address: str) -> Crl:
            kept = self._kept.find(address, issuer, self._clock.now())
            if kept is not None:
                crl = verify(kept)
                if not_before is None or crl.this_update >= not_before:
                    return crl
            crl = verify(await self._exchange(address, question))
            self._kept.keep(address, issuer, crl, self._clock.now())
            return crl

        return await _first(crl_addresses(certificate), ask)

    async def ping(self) -> None:
        """Nothing to reach before a certificate names it; only a closed client is not ready."""
        if self._client.is_closed:
            raise RevocationUnavailable("The HTTP client for revocation information is closed")

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
        except OutwardRefused as wrong:
            raise RevocationSourceMissing(f"{address} is not contacted: {wrong.message}") from wrong


async def _first(addresses: Sequence[str], ask: Callable[[str], Awaitable[A]]) -> A:
    """The first answer that holds; where none does the most telling of the errors."""
    failures: list[RevocationError] = []
    for address in addresses[:_MOST_ADDRESSES]:
        try:
            return await ask(address)
        except RevocationError as failure:
            failures.append(failure)
    if not failures:
        raise RevocationSourceMissing("The certificate names no address for this")
    raise most_telling(failures)


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
