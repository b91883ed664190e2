"""Signatures that were published at B-T: the status that was too old for them, asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qsignhub.ceremonies import journal, status_data
from qsignhub.ceremonies.errors import CertificateStatusLost, RevokedBeforeSignature
from qsignhub.ceremonies.findings import path_of, token_of
from qsignhub.ceremonies.journal import Signing
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.status_data import SignatureStatus
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Refused
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signing.validation_data import ValidationData


@dataclass(frozen=True, slots=True)
class LateStatus:
    data: Sequence[ValidationData]
    """Of the signatures that it proves something about."""
    waits_until: datetime | None
    """When to ask again about the others; None: there are none."""
    refused: Sequence[tuple[Signing, Refused]]
    """Revoked before their signature; or it will never be known."""


class LateStatuses:
    def __init__(self, trust: TrustServices, clock: Clock, longest_pause: timedelta) -> None:
        self._trust = trust
        self._clock = clock
        self._longest_pause = longest_pause

    async def gather(self, tx: Transaction, request: SignatureRequest) -> LateStatus:
        """Each by the trust service that its signature was made with. Raises Unavailable."""
        data: list[ValidationData] = []
        refused: list[tuple[Signing, Refused]] = []
        again: list[datetime] = []
        for signing in await journal.published_at_b_t(tx, request):
            service = self._trust.named(request.scope.mode, signing.trust_service)
            found = await status_data.of_signature(
                service, token_of(signing), path_of(signing), self._clock, afresh=True
            )
            refusal = _refusal_of(found)
            if refusal is not None:
                refused.append((signing, refusal))
                continue
            found.check_others()
            if found.proves:
                data.append(found.data)
            else:
                again.append(found.asked_again_at(self._clock.now(), self._longest_pause))
        return LateStatus(data, min(again, default=None), refused)


def _refusal_of(found: SignatureStatus) -> Refused | None:
    if found.revoked_before:
        return RevokedBeforeSignature(
            "The signer's certificate was revoked before the signature, as its issuer says by now."
        )
    return CertificateStatusLost(CertificateStatusLost.explanation) if found.is_lost else None
