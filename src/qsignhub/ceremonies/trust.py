"""The trust services that one world signs with: what a routing table will choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qsignhub.authority.service import Authority
from qsignhub.ceremonies.errors import TrustServiceNotConfigured
from qsignhub.ceremonies.evidence import key_id_of
from qsignhub.custody.activation import ActivationIssuer
from qsignhub.custody.service import Custody
from qsignhub.foundation.scope import Mode
from qsignhub.revocation.ports import RevocationSource
from qsignhub.timestamping.ports import TimestampAuthority


@dataclass(frozen=True, slots=True)
class TrustService:
    """``activations`` issues the signer's one-time authorisations that ``custody`` checks.

    ``listed_issuers``: key identifiers (hex) of the CAs that a trusted list names for qualified
    certificates (ETSI TS 119 615). The sandbox's CA is on none, nor is any other before lists are read.
    """

    authority: Authority
    custody: Custody
    activations: ActivationIssuer
    timestamps: TimestampAuthority
    revocation: RevocationSource
    listed_issuers: frozenset[str] = frozenset()

    @property
    def lists_own_issuer(self) -> bool:
        """Whether signers' certificates of this service would be issued by a CA on a trusted list."""
        return key_id_of(self.authority.chain[0]) in self.listed_issuers


class TrustServices:
    def __init__(self, by_mode: Mapping[Mode, TrustService]) -> None:
        self._by_mode = by_mode

    def of(self, mode: Mode) -> TrustService:
        """Raises TrustServiceNotConfigured; live never falls back to the sandbox."""
        service = self._by_mode.get(mode)
        if service is None:
            raise TrustServiceNotConfigured(
                f"No trust service is configured for {mode} signatures; use a test key to try things out."
            )
        return service
