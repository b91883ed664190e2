"""OCSP for all CAs of an authority at one URL (RFC 6960; RFC 5019): which of them, a request's hashes tell.

An answer without a nonce is signed ahead, kept with the certificate, and gone in the transaction that
revokes it: no process ever tells an answer from before a revocation that is committed. Outside, caches may
keep one for ``MAX_AGE``. An answer to a nonce is signed for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from qsignhub.authority.hierarchy import Hierarchy
from qsignhub.authority.issuance import Issued
from qsignhub.authority.repository import PresignedAnswer, Register
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.request import UnreadableRequest, build_request, read_request
from qsignhub.revocation.responder import MALFORMED_REQUEST, VALIDITY, OcspResponder

MAX_AGE: Final = timedelta(seconds=60)
_PRESIGNED_FOR = timedelta(hours=6)
"""Then it is signed anew, so that what goes out stands for most of a day yet."""


@dataclass(frozen=True, slots=True)
class OcspReply:
    """``answer`` is an OCSPResponse (DER). The times stand where caches may keep it (RFC 5019 clause 6)."""

    answer: bytes
    this_update: datetime | None = None
    next_update: datetime | None = None


class OcspDesk:
    def __init__(self, hierarchy: Hierarchy, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock
        self.responders = {
            ca: OcspResponder(
                issuer=hierarchy.issuers[ca].der,
                certificate=service.certificate,
                sign=service.sign,
                clock=clock,
                archive_cutoff=hierarchy.issuers[ca].certificate.not_valid_before_utc,
            )
            for ca, service in hierarchy.responders.items()
        }
        self._by_hashes = {
            (algorithm, *hashes): ca
            for ca, responder in self.responders.items()
            for algorithm, hashes in responder.issuer.hashes.items()
        }

    def presign(self, issued: Issued, ca: str) -> bytes:
        """The answer that a certificate, issued just now, is good: to the request that everybody sends."""
        responder = self.responders[ca]
        question = build_request(issued.certificate, responder.issuer.der, nonce=None)
        return responder.respond(question, lambda _serial: CertificateStatus.good())

    async def reply(self, tx: Transaction, question: bytes) -> OcspReply:
        """To an OCSPRequest (DER). What was never issued, or by another CA, is unknown, never good."""
        try:
            request = read_request(question)
        except UnreadableRequest:
            return OcspReply(MALFORMED_REQUEST)
        asked = [
            (one, self._by_hashes.get((one.hash_algorithm or "", *one.issuer_hashes)))
            for one in request.certificates
        ]
        ca = next((ca for _, ca in asked if ca is not None), None)
        if ca is None:
            return OcspReply(self._any().respond(question, lambda _serial: CertificateStatus.unknown()))
        [(first, _), *others] = asked
        keepable = request.nonce is None and not others and first.hash_algorithm == "sha1"
        if keepable:
            return await self._kept(tx, question, ca, first.serial, first.cert_id)
        serials = [f"{one.serial:x}" for one, whose in asked if whose == ca]
        found = await self._register.find_by_serials(tx, ca, serials)
        statuses = {int(one.serial, 16): status(one.revoked_at, one.revocation_reason) for one in found}
        answer = self.responders[ca].respond(
            question, lambda serial: statuses.get(serial, CertificateStatus.unknown())
        )
        return OcspReply(answer)

    async def _kept(
        self, tx: Transaction, question: bytes, ca: str, serial: int, cert_id: bytes
    ) -> OcspReply:
        number, now = f"{serial:x}", self._clock.now()
        kept = await self._register.presigned(tx, ca, number)
        if kept is None:
            answer = self.responders[ca].respond(question, lambda _serial: CertificateStatus.unknown())
            return OcspReply(answer)
        produced = _usable_since(kept, cert_id, now)
        if kept.answer is not None and produced is not None:
            return OcspReply(bytes(kept.answer), produced, produced + VALIDITY)
        known = status(kept.revoked_at, kept.revocation_reason)
        answer = self.responders[ca].respond(question, lambda _serial: known)
        await self._register.keep_presigned(tx, number, kept.revoked_at, answer, now)
        return OcspReply(answer, now, now + VALIDITY)

    def _any(self) -> OcspResponder:
        return next(iter(self.responders.values()))


def _usable_since(kept: PresignedAnswer, cert_id: bytes, now: datetime) -> datetime | None:
    """A CertID can be written in more than one way; an answer repeats the one that was asked with."""
    if kept.answer is None or kept.produced is None or cert_id not in kept.answer:
        return None
    return kept.produced if kept.produced <= now < kept.produced + _PRESIGNED_FOR else None


def status(revoked_at: datetime | None, reason: str | None) -> CertificateStatus:
    if revoked_at is None:
        return CertificateStatus.good()
    return CertificateStatus.revoked(revoked_at, Reason[reason.upper()] if reason else None)
