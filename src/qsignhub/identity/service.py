"""Identity verification: the provider of the signer's world, and the record of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qsignhub.foundation.database import Transaction
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.identity import repository
from qsignhub.identity.errors import IdentityNotConfigured
from qsignhub.identity.model import Applicant, Verification
from qsignhub.identity.ports import IdentityProvider


class IdentityVerifications:
    def __init__(self, providers: Mapping[Mode, IdentityProvider]) -> None:
        """One provider a world; a live world without one answers with an error, never by the sandbox."""
        self._providers = providers

    async def verify(
        self, tx: Transaction, scope: Scope, signer_id: str, applicant: Applicant, number: str, method: str
    ) -> Verification:
        provider = self._providers.get(scope.mode)
        if provider is None:
            raise IdentityNotConfigured("No identity provider is configured for live signatures.")
        verification = await provider.verify(applicant, number, method)
        await repository.save(tx, scope, signer_id, verification)
        return verification

    async def of_signer(self, tx: Transaction, scope: Scope, signer_id: str) -> Verification | None:
        return await repository.find(tx, scope, signer_id)

    async def of_signers(
        self, tx: Transaction, scope: Scope, signer_ids: Sequence[str]
    ) -> Mapping[str, Verification]:
        """By the signer's id, of those that were verified."""
        return await repository.find_all(tx, scope, signer_ids)

    def is_configured(self, mode: Mode, country: str, provider: str) -> bool:
        """Whether this installation can identify people by a national provider, in this world."""
        adapter = self._providers.get(mode)
        return adapter is not None and adapter.covers(country, provider)

    async def images(self, scope: Scope, verification: Verification) -> Mapping[str, bytes]:
        """Pictures of a check, as PNG, by what they show; none where its provider is no longer there."""
        provider = self._providers.get(scope.mode)
        return await provider.images(verification) if provider else {}
