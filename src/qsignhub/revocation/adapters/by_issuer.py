"""One source for certificates of ours and of others: who issued a certificate decides who is asked."""

from __future__ import annotations

from datetime import datetime

from qsignhub.revocation.adapters.in_process import InProcessRevocationSource
from qsignhub.revocation.model import Crl, OcspAnswer
from qsignhub.revocation.ports import RevocationSource


class RevocationByIssuer:
    """``ours`` for its own issuers' certificates, whatever addresses these name; ``others`` for the rest."""

    def __init__(self, ours: InProcessRevocationSource, others: RevocationSource) -> None:
        self._ours = ours
        self._others = others

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer:
        return await self._source(issuer).ocsp(certificate, issuer)

    async def crl(self, certificate: bytes, issuer: bytes, *, not_before: datetime | None = None) -> Crl:
        return await self._source(issuer).crl(certificate, issuer, not_before=not_before)

    async def ping(self) -> None:
        await self._ours.ping()
        await self._others.ping()

    def _source(self, issuer: bytes) -> RevocationSource:
        return self._ours if self._ours.knows(issuer) else self._others
