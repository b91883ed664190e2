"""Chain and status of signers' and timestamps' certificates, asked for now, and what they prove.

A status proves something about a signature if it is at least as new as the signature's timestamp: an answer
from before knows nothing of a revocation in between (EN 319 102-1 clause 5.2.5, revocation freshness). One
from after the certificate's end says nothing either, unless its issuer keeps what has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from qsignhub.ceremonies.errors import StatusNotGood, TrustServiceNotAccepted
from qsignhub.ceremonies.trust import TrustService
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.errors import Refused
from qsignhub.revocation.evidence import Evidence, Gathered, gather
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer, State
from qsignhub.revocation.paths import path_of
from qsignhub.signing.validation_data import ValidationData
from qsignhub.timestamping.model import TimestampToken

_VALIDITY_ASSURED = x509.ObjectIdentifier("0.4.0.194121.2.1")  # EN 319 412-1 clause 5.2
_FIRST_PAUSE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """What can be said of a signature's certificate since ``signed_at``, its timestamp's genTime."""

    data: ValidationData
    answer: OcspAnswer | Crl | None
    """About the signer's certificate; it may say revoked. None: it is one that needs no status."""
    signed_at: datetime
    assured: bool
    """The issuer assures its validity for all of its short life: no status is newer than that."""
    asked_at: datetime
    """By our clock; an answer from its future is no newer than that."""
    others: tuple[Evidence, ...]
    """About its issuers, and the timestamp's authority and its issuers."""

    @property
    def revoked_before(self) -> bool:
        """Revoked by the time of the signature. What was revoked after it was good then (clause 5.5.4)."""
        revoked_at = self.answer.status.revoked_at if self.answer else None
        return revoked_at is not None and revoked_at <= self.signed_at

    @property
    def is_revoked(self) -> bool:
        return self.answer is not None and self.answer.status.state is State.REVOKED

    @property
    def is_lost(self) -> bool:
        """Nobody tells of the certificate any more: no answer to come will prove anything."""
        return not (self.assured or self.answer is None or self.answer.reaches_back or self.revoked_before)

    @property
    def proves(self) -> bool:
        """Whether it is good, or was, at the time of the signature. thisUpdate has whole seconds."""
        if self.is_lost:
            return False
        if self.is_revoked:
            return not self.revoked_before
        if self.assured or self.answer is None:
            return True
        known_at = min(self.answer.this_update, self.asked_at)
        return known_at >= self.signed_at.replace(microsecond=0)

    def check_others(self) -> None:
        """Raises StatusNotGood where another certificate is not good, or the signer's unknown."""
        for one in self.others:
            _check_good(one.status, "issuer's or timestamp authority's")
        if self.answer is not None and self.answer.status.state is State.UNKNOWN:
            _check_good(self.answer.status, "signer's")

    def asked_again_at(self, now: datetime, longest: timedelta) -> datetime:
        """When a newer status may be there: after as long again as has passed, ``longest`` at the most, and
        not later than the answer itself announces.
        """
        pause = min(max(now - self.signed_at, _FIRST_PAUSE), longest)
        announced = self.answer.next_update if self.answer else None
        if announced is not None and announced > now:
            pause = min(pause, max(announced - now, _FIRST_PAUSE))
        return now + pause


async def of_signature(
    trust: TrustService, token: TimestampToken, path: Sequence[bytes], clock: Clock, *, afresh: bool = False
) -> SignatureStatus:
    """``path``: the signer's certificate first, its root last. ``afresh``: no remembered list will do that
    is older than the signature.

    What the answers say is to be judged yet. Raises Unavailable where a status cannot be had: then no LT
    is claimed.
    """
    with waiting_for_better():
        of_timestamp = path_of(token.certificate, token.certificates, trust.anchors)
        not_before = token.gen_time.replace(microsecond=0) if afresh else None
        found = [
            await gather(trust.revocation, path, leaf_not_before=not_before),
            await gather(trust.revocation, of_timestamp),
        ]
    about_signer = next((one for one in found[0].each if one.certificate == path[0]), None)
    return SignatureStatus(
        data=_data([*path, *token.certificates, *of_timestamp], found),
        answer=about_signer.answer if about_signer else None,
        signed_at=token.gen_time,
        assured=_is_assured(path[0]),
        asked_at=clock.now(),
        others=tuple(one for gathered in found for one in gathered.each if one is not about_signer),
    )


async def of_timestamps(trust: TrustService, tokens: Sequence[TimestampToken]) -> ValidationData:
    """For what covers them next; each authority is asked about once. Raises StatusNotGood, Unavailable."""
    certificates: list[bytes] = []
    found: list[Gathered] = []
    for token in {token.certificate: token for token in tokens}.values():
        with waiting_for_better():
            path = path_of(token.certificate, token.certificates, trust.anchors)
            found.append(await gather(trust.revocation, path))
        certificates += [*token.certificates, *path]
    for one in (one for gathered in found for one in gathered.each):
        _check_good(one.status, "timestamp authority's")
    return _data(certificates, found)


@contextmanager
def waiting_for_better() -> Iterator[None]:
    """A trust service's answer that is refused refuses the answer, not the signature: that waits."""
    try:
        yield
    except Refused as refusal:
        raise TrustServiceNotAccepted(refusal.message) from refusal


def _data(certificates: Sequence[bytes], found: Sequence[Gathered]) -> ValidationData:
    return ValidationData(
        certificates=list(dict.fromkeys(certificates)),
        ocsp_responses=list(dict.fromkeys(one.der for gathered in found for one in gathered.ocsp)),
        crls=list(dict.fromkeys(one.der for gathered in found for one in gathered.crls)),
    )


def _check_good(status: CertificateStatus, whose: str) -> None:
    """A status that is not known yet, or a timestamp service that is out of order, is for its operator to
    mend, and the signature waits.
    """
    if not status.is_good:
        raise StatusNotGood(f"The {whose} certificate is {status.state.value} by its issuer's answer.")


def _is_assured(certificate: bytes) -> bool:
    try:
        extensions = x509.load_der_x509_certificate(certificate).extensions
        extensions.get_extension_for_oid(_VALIDITY_ASSURED)
    except x509.ExtensionNotFound:
        return False
    return True
