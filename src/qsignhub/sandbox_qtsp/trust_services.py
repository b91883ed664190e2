"""TSA (RFC 3161), OCSP (RFC 6960), CRLs, CA certificates and the trusted list over HTTP.

Here the failures live that are well signed, but wrong.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qsignhub.foundation.clock import Clock
from qsignhub.revocation import request as ocsp_request
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.request import UnreadableRequest
from qsignhub.revocation.responder import MALFORMED_REQUEST
from qsignhub.sandbox_qtsp.authority import CA_ROLES, CRL_LIFETIME, CaRole, der
from qsignhub.sandbox_qtsp.qtsp import Qtsp
from qsignhub.sandbox_qtsp.trusted_list import LIFETIME, trusted_list
from qsignhub.timestamping import request as timestamp_request
from qsignhub.timestamping.request import RequestRefused
from qsignhub.timestamping.status import FailureInfo, rejection
from qsignhub.trustlists import uris

_MAX_REQUEST = 16 * 1024
_CERTIFICATE = "application/pkix-cert"
_A_WHILE = timedelta(days=3)
_CRL_ROLES = ("root", *CA_ROLES)


class _ShiftedClock:
    def __init__(self, clock: Clock, by: timedelta) -> None:
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by


class TrustServices:
    def __init__(self, qtsp: Qtsp) -> None:
        self._qtsp = qtsp
        self._authority = qtsp.authority
        self._certificates: dict[str, bytes] = {
            "root": der(self._authority.root),
            "tl-signer": der(self._authority.list_signer),
        }
        self._certificates.update((role, issuer.der) for role, issuer in self._authority.issuers.items())
        self._stamps = self._authority.timestamp_responder(qtsp.clock)
        self._statuses = {role: self._authority.ocsp_responder(role, qtsp.clock) for role in CA_ROLES}

    def routes(self) -> list[Route]:
        return [
            Route("/tsa", self.timestamp, methods=["POST"]),
            Route("/ocsp", self.ocsp, methods=["POST"]),
            Route("/ocsp/{encoded:path}", self.ocsp_by_get, methods=["GET"]),
            Route("/{role}.crl", self.crl),
            Route("/{role}.crt", self.certificate),
            Route("/tl.xml", self.list),
        ]

    async def timestamp(self, request: Request) -> Response:
        question = await _small_body(request)
        if question is None:
            return Response(status_code=413)
        answer = self._timestamp(question, _failure(request))
        return Response(answer, media_type="application/timestamp-reply")

    async def ocsp(self, request: Request) -> Response:
        question = await _small_body(request)
        if question is None:
            return Response(status_code=413)
        return _ocsp(self._status(question, _failure(request)))

    async def ocsp_by_get(self, request: Request) -> Response:
        try:
            question = base64.b64decode(unquote(request.path_params["encoded"]), validate=True)
        except ValueError:
            return _ocsp(MALFORMED_REQUEST)
        return _ocsp(self._status(question, _failure(request)))

    async def crl(self, request: Request) -> Response:
        role = request.path_params["role"]
        if role not in _CRL_ROLES:
            return Response(status_code=404)
        failure = _failure(request)
        at = self._qtsp.clock.now()
        if failure == "expired":
            at -= CRL_LIFETIME + _A_WHILE
        key = self._qtsp.wrong_key if failure == "wrong_key" else None
        return Response(self._authority.crl(role, at, key), media_type="application/pkix-crl")

    async def certificate(self, request: Request) -> Response:
        found = self._certificates.get(request.path_params["role"])
        return Response(status_code=404) if found is None else Response(found, media_type=_CERTIFICATE)

    async def list(self, request: Request) -> Response:
        failure = _failure(request)
        now = self._qtsp.clock.now()
        xml = trusted_list(
            self._authority,
            now - LIFETIME - _A_WHILE if failure == "expired" else now,
            self._qtsp.wrong_key if failure == "wrong_key" else self._authority.key("tl-signer"),
            status=uris.WITHDRAWN if failure == "withdrawn" else uris.GRANTED,
        )
        return Response(xml, media_type="application/vnd.etsi.tsl+xml")

    def _timestamp(self, question: bytes, failure: str | None) -> bytes:
        if failure == "rejection":
            return rejection(FailureInfo.SYSTEM_FAILURE, "SANDBOX: a failure on demand")
        if failure == "wrong_key":
            return self._authority.timestamp_responder(self._qtsp.clock, self._qtsp.wrong_key).respond(
                question
            )
        if failure == "wrong_time":
            clock = _ShiftedClock(self._qtsp.clock, _A_WHILE)
            return self._authority.timestamp_responder(clock).respond(question)
        if failure in {"wrong_nonce", "wrong_imprint"}:
            question = _another_timestamp_request(question, failure)
        return self._stamps.respond(question)

    def _status(self, question: bytes, failure: str | None) -> bytes:
        # a question about certificates of several of the CAs is answered for the first one's alone
        role = next((one for one in CA_ROLES if self._statuses[one].requested_serials(question)), CA_ROLES[0])
        responder = self._statuses[role]
        if failure == "wrong_key":
            responder = self._authority.ocsp_responder(role, self._qtsp.clock, self._qtsp.wrong_key)
        elif failure == "expired":
            responder = self._authority.ocsp_responder(role, _ShiftedClock(self._qtsp.clock, -_A_WHILE))
        elif failure in {"wrong_nonce", "wrong_serial"}:
            question = self._another_status_request(role, question, failure)
        now = self._qtsp.clock.now()

        def status_of(serial: int) -> CertificateStatus:
            if failure == "revoked":
                return CertificateStatus.revoked(now - timedelta(hours=1), Reason.KEY_COMPROMISE)
            if failure == "unknown":
                return CertificateStatus.unknown()
            return self._authority.status_of(serial, role)

        return responder.respond(question, status_of)

    def _another_status_request(self, role: CaRole, question: bytes, failure: str) -> bytes:
        """The same question with another nonce, or about another certificate of the CA's."""
        try:
            asked = ocsp_request.read_request(question)
        except UnreadableRequest:
            return question
        if failure == "wrong_nonce":
            if asked.nonce is None:
                return question
            return question.replace(asked.nonce, asked.nonce[:-1] + bytes((asked.nonce[-1] ^ 0xFF,)))
        # what was read is the value of the extension, an OCTET STRING with the nonce in it (RFC 9654, 2.1)
        nonce = None if asked.nonce is None else asked.nonce[2:]
        return ocsp_request.build_request(
            der(self._authority.responders[role]), self._authority.issuers[role].der, nonce=nonce
        )


def _another_timestamp_request(question: bytes, failure: str) -> bytes:
    try:
        asked = timestamp_request.read_request(question)
    except RequestRefused:
        return question
    imprint = asked.imprint
    if failure == "wrong_imprint":
        imprint = hashlib.new(asked.hash_algorithm, b"another document").digest()
    nonce = asked.nonce
    if failure == "wrong_nonce":
        nonce = (nonce or 0) ^ 1
    return timestamp_request.build_request(
        imprint, asked.hash_algorithm, nonce=nonce, policy=asked.policy
    ).der


def _failure(request: Request) -> str | None:
    return getattr(request.state, "failure", None)


def _ocsp(answer: bytes) -> Response:
    return Response(answer, media_type="application/ocsp-response")


async def _small_body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_REQUEST:
            return None
    return bytes(body)
