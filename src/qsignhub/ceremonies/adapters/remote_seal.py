"""An organisation's seal at a remote QTSP: one credential that the operator names, for simple signatures."""

from __future__ import annotations

from datetime import datetime

from qsignhub.ceremonies.adapters.remote import signing_key
from qsignhub.ceremonies.trust import Confirmation, Demand, Signatory, SigningKey, TrustedListFindings
from qsignhub.custody.csc.credentials import Credential, RemoteCredentials
from qsignhub.custody.csc.errors import CredentialUnusable
from qsignhub.custody.errors import KeyUnsuitable
from qsignhub.custody.ports import Custody
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.signature_requests.model import SignatureType
from qsignhub.trustlists.legal_persons import names_legal_person


class RemoteSeal:
    """``credential_id`` is the service's own name for it; ``anchors`` where its certificate's path ends."""

    renewable = False

    def __init__(
        self,
        service: str,
        credentials: RemoteCredentials,
        credential_id: str,
        anchors: tuple[bytes, ...],
        *,
        custody: Custody,
        clock: Clock,
    ) -> None:
        self._service = service
        self._credentials = credentials
        self._credential_id = credential_id
        self._anchors = anchors
        self._custody = custody
        self._clock = clock

    async def certify(
        self,
        tx: Transaction,  # noqa: ARG002  # the port's
        reference: str,  # noqa: ARG002  # the key is not this signature's alone
        who: Signatory,  # noqa: ARG002  # nor the signer's
        signature_type: SignatureType,  # noqa: ARG002  # the port's
    ) -> SigningKey:
        return signing_key(self._service, await self._credential(), self._anchors, self._clock.now())

    async def _credential(self) -> Credential:
        """Raises CredentialUnusable where it is a person's, or wants one to be there."""
        found = await self._credentials.get(self._credential_id)
        if found.demands.secrets:
            raise CredentialUnusable(
                f"The credential that {self._service} is to seal with asks for a PIN, a one-time password or "
                "a confirmation. A seal asks nobody: name another credential, or have the service change it."
            )
        if not names_legal_person(found.certificate):
            raise CredentialUnusable(
                f"The credential that {self._service} is to seal with is not an organisation's. "
                "Name one with a certificate for seals (EN 319 412-3)."
            )
        return found

    async def demand(self, who: Signatory) -> Demand:  # noqa: ARG002  # the port's
        await self._credential()
        return Demand()

    async def would_make_qes(self, who: Signatory, trusted_lists: TrustedListFindings) -> bool:  # noqa: ARG002  # the port's
        """A seal is nobody's signature, be it qualified."""
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
        """The certificate was there before."""
        return None

    async def dispose(self, key_id: str) -> None:
        """The next signature needs it."""

    async def ping(self) -> None:
        await self._custody.ping()
