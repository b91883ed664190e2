from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from qsignhub.identity.model import Applicant, Verification


class IdentityProvider(Protocol):
    async def verify(self, applicant: Applicant, document_number: str, method: str) -> Verification:
        """Checks a person by an identity document. A failed check is an answer, not an error."""
        ...

    def covers(self, country: str, provider: str) -> bool:
        """Whether people can be identified by this national provider, as ``countries`` names it."""
        ...

    async def images(self, verification: Verification) -> Mapping[str, bytes]:
        """The pictures kept of a check, as PNG, by what they show: ``document``, ``portrait``, …

        Empty where the provider keeps none.
        """
        ...

    async def ping(self) -> None: ...
