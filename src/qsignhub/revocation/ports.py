"""What the rest of the house asks about revocation."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from qsignhub.revocation.model import Crl, OcspAnswer


class RevocationSource(Protocol):
    """Where the status of a certificate is to be had. Certificates go in as DER.

    What comes back was verified against ``issuer``: it is about that certificate, fresh, and signed by
    one entitled to. It may well say revoked or unknown: that is the caller's to judge.

    Both raise RevocationUnavailable (retry later), RevocationSourceMissing (there is no such source for
    this certificate), RevocationAnswerRefused.
    """

    async def ocsp(self, certificate: bytes, issuer: bytes) -> OcspAnswer: ...

    async def crl(self, certificate: bytes, issuer: bytes, *, not_before: datetime | None = None) -> Crl:
        """The CRL of ``issuer`` that covers ``certificate``.

        One that is remembered is asked for afresh where its thisUpdate lies before ``not_before``.
        """
        ...

    async def ping(self) -> None:
        """Returns when the source is ready; raises RevocationUnavailable."""
        ...
