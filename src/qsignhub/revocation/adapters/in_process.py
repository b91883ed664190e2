"""Issuers in this process: the same request, response and checks as over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from qsignhub.foundation.clock import Clock
from qsignhub.revocation.errors import RevocationSourceMissing
from qsignhub.revocation.issuers import load_issuer
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer
from qsignhub.revocation.request import build_request, fresh_nonce
from qsignhub.revocation.responder import OcspResponder
from qsignhub.revocation.verify_crl import verify_crl
from qsignhub.revocation.verify_ocsp import verify_ocsp


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """An issuing CA of this process: its responder, its register, its current CRL (DER).

    A CA that only publishes a list has no ``responder`` and no ``status_of``; then ``issuer``, its
    certificate (DER), says which it is. Raises ValueError for one that answers nothing or is nobody.
    """

    responder: OcspResponder | None = None
    status_of: Callable[[int], Awaitable[CertificateStatus]] | None = None
    crl: Callable[[], Awaitable[bytes]] | None = None
    issuer: bytes | None = None

    def __post_init__(self) -> None:
        if (self.responder is None) != (self.status_of is None):
            raise ValueError("a responder and the register that it answers from belong together")
        if self.responder is None and (self.crl is None or self.issuer is None):
            raise ValueError("an issuer without a responder has a list, and a certificate")

    @property
    def certificate(self) -> bytes:
        """The issuer's, DER."""
        if self.responder is not None:
            return self.responder.issuer.der
        return self.issuer or b""


class InProcessRevocationSource:
    """Puts local issuers behind the port. What their callables raise comes through."""

    def __init__(self, issuers: Iterable[LocalIssuer], *, clock: Clock) -> None:
        self._issuers = {local.certificate: local for local in issuers}
        self._clock = clock

    def knows(self, issuer: bytes) -> bool:
        """Whether this certificate (DER) is one of the local issuers'."""
        return issuer in self._issuers

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        local = self._local(issuer)
        if local.responder is None or local.status_of is None:
            raise RevocationSourceMissing("This issuer has no OCSP responder")
        nonce = fresh_nonce()
        request = build_request(certificate, issuer, nonce=nonce)
        statuses = {
            serial: await local.status_of(serial) for serial in local.responder.requested_serials(request)
        }
        response = local.responder.respond(request, statuses.__getitem__)
        return verify_ocsp(response, certificate, issuer, nonce=nonce, now=self._clock.now())

    async def crl(
        self,
        certificate: bytes,
        issuer: bytes,
        *,
        not_before: datetime | None = None,  # noqa: ARG002  # nothing is remembered here
    ) -> Crl:
        local = self._local(issuer)
        if local.crl is None:
            raise RevocationSourceMissing("This issuer publishes no revocation list")
        return verify_crl(await local.crl(), certificate, issuer, now=self._clock.now())

    async def ping(self) -> None:
        """Nothing to reach: the issuers live in this process."""

    def _local(self, issuer: bytes) -> LocalIssuer:
        local = self._issuers.get(issuer)
        if local is None:
            name = load_issuer(issuer).certificate.subject.rfc4514_string()
            raise RevocationSourceMissing(f"{name} is not an issuer of this process")
        return local
