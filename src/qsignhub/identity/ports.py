from __future__ import annotations

from typing import Protocol

from qsignhub.identity.model import Applicant, Verification


class IdentityProvider(Protocol):
    async def verify(self, applicant: Applicant, document_number: str, method: str) -> Verification:
        """Checks a person by an identity document. A failed check is an answer, not an error."""
        ...

    async def ping(self) -> None: ...
