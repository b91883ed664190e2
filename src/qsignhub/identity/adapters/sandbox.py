"""The sandbox's identity check: four test documents, each with the outcome the API documents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date

from qsignhub.foundation.clock import Clock
from qsignhub.identity.adapters.sandbox_specimens import document_specimen, portrait_specimen
from qsignhub.identity.model import Applicant, Identity, Verification
from qsignhub.identity.test_documents import find_test_document


class SandboxIdentityProvider:
    """Checks nobody: it answers what the test document asks for. Live keys never reach it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def verify(self, applicant: Applicant, document_number: str, method: str) -> Verification:
        specimen = find_test_document(document_number)
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

    def covers(self, country: str, provider: str) -> bool:  # noqa: ARG002
        """Every one: they are all mocked alike."""
        return True

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
