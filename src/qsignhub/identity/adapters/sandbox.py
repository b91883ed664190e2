"""The sandbox's identity check: four test documents, each with the outcome the API documents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from qsignhub.foundation.clock import Clock
from qsignhub.identity.adapters.sandbox_specimens import document_specimen, portrait_specimen
from qsignhub.identity.errors import UnknownTestDocument
from qsignhub.identity.model import Applicant, Identity, Verification

SUCCESS_DOCUMENT = "AZE123456"
FAILING_DOCUMENT = "FAIL000001"


@dataclass(frozen=True, slots=True)
class _Specimen:
    document_type: Literal["passport", "national_id"]
    country: str | None
    expiry: date
    match_score: float
    failure: str | None = None
    certificate_revoked: bool = False


_SPECIMENS = {
    SUCCESS_DOCUMENT: _Specimen("national_id", "PL", date(2035, 11, 15), 0.98),
    FAILING_DOCUMENT: _Specimen(
        "passport", None, date(2020, 11, 15), 0.97, "The identity document has expired."
    ),
    "REVOKED001": _Specimen("national_id", "DE", date(2035, 11, 15), 0.97, certificate_revoked=True),
    "LOWSCORE01": _Specimen(
        "national_id", "PL", date(2035, 11, 15), 0.61, "The face does not match the document (score 0.61)."
    ),
}


class SandboxIdentityProvider:
    """Checks nobody: it answers what the test document asks for. Live keys never reach it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def verify(self, applicant: Applicant, document_number: str, method: str) -> Verification:
        specimen = _SPECIMENS.get(document_number.strip().upper())
        if specimen is None:
            raise UnknownTestDocument(
                "The sandbox knows no such document. Use one of " + ", ".join(_SPECIMENS) + ".",
                field="document_number",
            )
        identity = Identity(
            full_name=applicant.name.upper(),
            document_type=specimen.document_type,
            document_country=specimen.country or applicant.country or "PL",
            date_of_birth=date(1985, 4, 22),
            document_expiry=specimen.expiry,
            match_score=specimen.match_score,
        )
        return Verification(
            status="failed" if specimen.failure else "verified",
            method=method,
            verified_at=self._clock.now(),
            identity=identity,
            liveness_check=specimen.failure is None,
            failure_reason=specimen.failure,
            hints={"certificate_revoked": True} if specimen.certificate_revoked else {},
        )

    async def images(self, verification: Verification) -> Mapping[str, bytes]:
        """Drawings, marked as such, that show what the check was told: there is nobody to photograph."""
        identity = verification.identity
        if identity is None:
            return {}
        return {
            "document": await asyncio.to_thread(document_specimen, identity),
            "portrait": await asyncio.to_thread(portrait_specimen, identity),
        }

    async def ping(self) -> None:
        """Always there: it is code of ours."""
