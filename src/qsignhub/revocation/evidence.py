"""The status of every certificate on a path, each from whoever is to be asked about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from qsignhub.revocation.errors import (
    RevocationError,
    RevocationMalformed,
    RevocationSourceMissing,
    RevocationUnavailable,
    most_telling,
)
from qsignhub.revocation.issuers import UNREADABLE, load_certificate
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer
from qsignhub.revocation.ports import RevocationSource


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was answered about one certificate; good, revoked or unknown is the caller's to judge."""

    certificate: bytes
    issuer: bytes
    answer: OcspAnswer | Crl

    @property
    def status(self) -> CertificateStatus:
        return self.answer.status


@dataclass(frozen=True, slots=True)
class Gathered:
    """``each`` in the path's order; a responder's own status stands behind the answer that it gave."""

    each: tuple[Evidence, ...]

    @property
    def ocsp(self) -> list[OcspAnswer]:
        return [one.answer for one in self.each if isinstance(one.answer, OcspAnswer)]

    @property
    def crls(self) -> list[Crl]:
        """Each list once, however many certificates it was asked about."""
        lists = {one.answer.der: one.answer for one in self.each if isinstance(one.answer, Crl)}
        return list(lists.values())


async def gather(
    source: RevocationSource,
    path: Sequence[bytes],
    *,
    crl_first: bool = False,
    leaf_not_before: datetime | None = None,
) -> Gathered:
    """The status of every certificate of ``path`` below its anchor, which is the last one (DER).

    OCSP where it can be had, else a CRL; the other way round with ``crl_first``. A responder's certificate
    needs a status of its own unless its issuer said otherwise with ocsp-nocheck (RFC 6960, 4.2.2.2.1).
    ``leaf_not_before``: for the first certificate no remembered list will do whose thisUpdate is earlier.
    An answer that does not reach back to a certificate that has ended is taken where no other does.

    Where neither can be had: RevocationUnavailable if waiting may help, else the RevocationAnswerRefused
    that an answer met, else RevocationSourceMissing.
    """
    found: list[Evidence] = []
    for certificate, issuer in pairwise(path):
        if needs_no_status(certificate):
            continue
        not_before = leaf_not_before if certificate == path[0] else None
        found += await _of_one(source, certificate, issuer, crl_first, not_before)
    return Gathered(tuple(found))


async def _of_one(
    source: RevocationSource,
    certificate: bytes,
    issuer: bytes,
    crl_first: bool,
    not_before: datetime | None,
) -> list[Evidence]:
    answer = await _answer(source, certificate, issuer, crl_first, not_before)
    found = [Evidence(certificate, issuer, answer)]
    responders: set[bytes] = set()
    while isinstance(answer, OcspAnswer) and not _speaks_for_itself(answer.responder, issuer):
        responders.add(answer.responder)
        # the list first: what a responder says about itself proves nothing
        responder, answer = answer.responder, await _answer(source, answer.responder, issuer, True)
        if isinstance(answer, OcspAnswer) and answer.responder in responders:
            raise RevocationSourceMissing("An OCSP responder's status is to be had from itself alone")
        found.append(Evidence(responder, issuer, answer))
    return found


def _speaks_for_itself(responder: bytes, issuer: bytes) -> bool:
    return responder == issuer or needs_no_status(responder)


async def _answer(
    source: RevocationSource,
    certificate: bytes,
    issuer: bytes,
    crl_first: bool,
    not_before: datetime | None = None,
) -> OcspAnswer | Crl:
    async def crl() -> Crl:
        return await source.crl(certificate, issuer, not_before=not_before)

    async def ocsp() -> OcspAnswer:
        return await source.ocsp(certificate, issuer)

    ask: tuple[Callable[[], Awaitable[OcspAnswer | Crl]], ...] = (crl, ocsp) if crl_first else (ocsp, crl)
    failures: list[RevocationError] = []
    short: OcspAnswer | Crl | None = None
    for one in ask:
        try:
            answer = await one()
        except RevocationError as failure:
            failures.append(failure)
            continue
        if answer.reaches_back:
            return answer
        short = short or answer
    # a source that does not answer now may still know of a certificate that has ended
    waits = any(isinstance(failure, RevocationUnavailable) for failure in failures)
    if short is not None and not waits:
        return short
    raise most_telling(failures)


@lru_cache(maxsize=1024)
def needs_no_status(certificate: bytes) -> bool:
    """Whether it is an OCSP responder's with ocsp-nocheck. Raises RevocationMalformed.

    On any other certificate the extension means nothing: no signer talks himself out of being checked.
    """
    try:
        extensions = load_certificate(certificate).extensions
        extensions.get_extension_for_class(x509.OCSPNoCheck)
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    except UNREADABLE as wrong:
        raise RevocationMalformed("The certificate's extensions cannot be read") from wrong
    return ExtendedKeyUsageOID.OCSP_SIGNING in purposes
