"""The built-in authority: a key of the signer's own for each signature, and a certificate for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from qsignhub.authority.profiles import SignerProfile
from qsignhub.authority.service import Authority, Subject
from qsignhub.ceremonies.trust import Confirmation, Demand, Signatory, SigningKey, TrustedListFindings
from qsignhub.custody.errors import KeyUnsuitable
from qsignhub.custody.ports import KeyCustody
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.signature_algorithms import ES256, SignatureAlgorithm
from qsignhub.signature_requests.model import SignatureType

_PROFILES: Mapping[tuple[SignatureType, bool], SignerProfile] = {
    ("qes", False): "signer-qes-one-time",
    ("aes", False): "signer-aes-one-time",
    # a certificate whose validity is assured is not asked about, so it cannot show a revocation
    ("qes", True): "signer-qes",
    ("aes", True): "signer-aes",
}


class BuiltInCertificates:
    renewable = True

    def __init__(
        self, authority: Authority, custody: KeyCustody, algorithm: SignatureAlgorithm = ES256
    ) -> None:
        self._authority = authority
        self._custody = custody
        self._algorithm = algorithm

    async def certify(
        self,
        tx: Transaction,
        reference: str,
        who: Signatory,
        signature_type: SignatureType,
    ) -> SigningKey:
        profile = _PROFILES[signature_type, who.certificate_compromised]
        public_key = await self._custody.create_key(reference, self._algorithm)
        certificate = await self._authority.issue_signer_certificate(
            tx, reference, public_key, Subject(name=who.name, country=who.country), profile
        )
        if who.certificate_compromised:
            await self._authority.revoke(tx, certificate, "key_compromise")
        return SigningKey(reference, certificate, self._authority.chain_of(profile), self._algorithm)

    async def demand(self, who: Signatory) -> Demand:  # noqa: ARG002  # the port's
        await self.ping()
        return Demand()

    async def would_make_qes(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:  # noqa: ARG002  # the port's
        """Not told before there is a certificate."""
        return False

    async def send_otp(self, who: Signatory) -> None:
        """There is none to send."""

    async def confirmation(
        self,
        key_id: str,  # noqa: ARG002  # the port's, as the rest
        message: bytes,  # noqa: ARG002
        *,
        redirect_uri: str,  # noqa: ARG002
        state: str,  # noqa: ARG002
    ) -> Confirmation:
        """There is no page to confirm on."""
        raise KeyUnsuitable("This trust service has no page to confirm on.")

    async def issued_at(self, tx: Transaction, key_id: str) -> datetime | None:
        return await self._authority.issued_at(tx, key_id)

    async def dispose(self, key_id: str) -> None:
        await self._custody.destroy_key(key_id)

    async def ping(self) -> None:
        await self._custody.ping()
