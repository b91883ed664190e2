"""The built-in authority's seal: one key of the platform's own in custody, for simple signatures.

It is made when it is first needed, and another one in the last twenty-fourth of its certificate's life (a
month of two years). A signature uses it as any key: under an authorisation for exactly one digest.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from qsignhub.authority.repository import IssuedCertificate
from qsignhub.authority.service import Authority, LegalPerson
from qsignhub.ceremonies.trust import Confirmation, Demand, Signatory, SigningKey, TrustedListFindings
from qsignhub.custody.errors import KeyUnsuitable
from qsignhub.custody.ports import KeyCustody
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.signature_algorithms import ES256, SignatureAlgorithm
from qsignhub.signature_requests.model import SignatureType

_RENEWED_IN_LAST = 24
_NAME = "seal-"


class BuiltInSeal:
    renewable = True

    def __init__(
        self, authority: Authority, custody: KeyCustody, clock: Clock, algorithm: SignatureAlgorithm = ES256
    ) -> None:
        """``authority`` seals for the organisation that it is of, which has to have an identifier."""
        names = authority.hierarchy.names
        if names.organization_identifier is None:
            raise ValueError("an organisation without an identifier has no seal (EN 319 412-3 clause 4.2.1)")
        self._subject = LegalPerson(names.organization, names.country, names.organization_identifier)
        self._authority = authority
        self._custody = custody
        self._clock = clock
        self._algorithm = algorithm
        # its certificate names the authority's addresses: where those are others, so is the seal
        addresses = hashlib.sha256(authority.hierarchy.urls.ocsp.encode()).hexdigest()[:8]
        self._prefix = f"{_NAME}{algorithm.name.lower()}-{addresses}-"

    async def certify(
        self,
        tx: Transaction,
        reference: str,
        who: Signatory,
        signature_type: SignatureType,  # noqa: ARG002  # the port's
    ) -> SigningKey:
        if who.certificate_compromised:
            return self._signing_key(reference, await self._revoked(tx, reference))
        seal = await self._current(tx)
        if seal is None:
            await self._authority.alone(tx)  # of several workers one makes it, and the others find it
            seal = await self._current(tx) or await self._make(tx)
        return self._signing_key(*seal)

    def _signing_key(self, key_id: str, certificate: bytes) -> SigningKey:
        return SigningKey(key_id, certificate, self._authority.chain_of("seal"), self._algorithm)

    async def _revoked(self, tx: Transaction, reference: str) -> bytes:
        """One that is for this signature alone, and signs nothing: the seal itself is everybody's."""
        public_key = await self._custody.create_key(reference, self._algorithm)
        certificate = await self._authority.issue_seal_certificate(tx, reference, public_key, self._subject)
        await self._authority.revoke(tx, certificate, "key_compromise")
        return certificate

    async def _current(self, tx: Transaction) -> tuple[str, bytes] | None:
        now = self._clock.now()
        for key_id, seal in (await self._authority.issued_under(tx, self._prefix)).items():
            if seal.revoked_at is None and now < _renewed_at(seal):
                return key_id, bytes(seal.certificate)
        return None

    async def _make(self, tx: Transaction) -> tuple[str, bytes]:
        """The number follows from what was issued: after a crash the same key is certified, not another."""
        earlier = await self._authority.issued_under(tx, self._prefix)
        key_id = f"{self._prefix}{len(earlier) + 1}"
        public_key = await self._custody.create_key(key_id, self._algorithm)
        certificate = await self._authority.issue_seal_certificate(tx, key_id, public_key, self._subject)
        for old, seal in earlier.items():
            if seal.not_after is not None and seal.not_after < self._clock.now():
                await self._custody.destroy_key(old)
        return key_id, certificate

    async def demand(self, who: Signatory) -> Demand:  # noqa: ARG002  # the port's
        await self.ping()
        return Demand()

    async def would_make_qes(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:  # noqa: ARG002  # the port's
        """A seal is nobody's signature."""
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
        raise KeyUnsuitable("A seal has no page to confirm on.")

    async def issued_at(self, tx: Transaction, key_id: str) -> datetime | None:  # noqa: ARG002  # the port's
        """Not for this signature."""
        return None

    async def dispose(self, key_id: str) -> None:
        """The next signature needs the seal; a key for one signature goes."""
        if not key_id.startswith(_NAME):
            await self._custody.destroy_key(key_id)

    async def ping(self) -> None:
        await self._custody.ping()


def _renewed_at(seal: IssuedCertificate) -> datetime:
    """Where the CA ends sooner the certificate's life is shorter, and the time before its end with it."""
    ends = seal.not_after or seal.issued_at
    return ends - (ends - seal.issued_at) / _RENEWED_IN_LAST
