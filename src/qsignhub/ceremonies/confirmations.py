"""The signer's confirmation on the trust service's own page (OAuth 2.0 authorization code, CSC clause 8.4).

The service is told the hash that it is asked to sign, so the signer goes there when the signature is
prepared. What comes back is a code, good for that one hash; custody redeems it.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import ConfirmationUnknown, NothingToConfirm
from qsignhub.ceremonies.journal import there
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import TrustService, signatory_of
from qsignhub.custody.ports import SecretStore
from qsignhub.custody.signer_secrets import SignerCredentials
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_token
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signing.format import Prepared
from qsignhub.signing.formats import FORMATS

PATIENCE = timedelta(minutes=10)
CALLBACK = "/confirmed"
_KIND = "ceremonies.confirmation"


@dataclass(frozen=True, slots=True)
class _Expected:
    """``service`` and ``signing_id`` are what the signer was sent away for."""

    state: str
    link_token: str
    service: str
    signing_id: str
    code_verifier: str
    until: float


class Confirmations:
    def __init__(self, trust: TrustServices, store: SecretStore, clock: Clock, signing_base: str) -> None:
        self._trust = trust
        self._store = store
        self._clock = clock
        self._redirect_uri = f"{signing_base}{CALLBACK}"

    async def address(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> str:
        """Where the signer has to go now. Raises NothingToConfirm, and what the service raises."""
        signing = await journal.of_signer(tx, request, signer)
        if signing is None or signing.step != "prepared" or signing.awaiting_since is None:
            raise NothingToConfirm("There is nothing to confirm at the trust service now.")
        service = self._trust.named(request.scope.mode, there(signing.trust_service))
        message = FORMATS[request.format].message(Prepared(there(signing.signed_attributes)))
        state = f"{signer.id}.{new_token()}"
        confirmation = await service.certificates.confirmation(
            signatory_of(signer), message, redirect_uri=self._redirect_uri, state=state
        )
        expected = {
            "state": state,
            "link_token": signer.link_token,
            "service": service.name,
            "signing_id": signing.id,
            "code_verifier": confirmation.code_verifier,
            "until": (self._clock.now() + PATIENCE).timestamp(),
        }
        await self._store.destroy(_KIND, signer.id)
        await self._store.keep(_KIND, signer.id, json.dumps(expected).encode())
        return confirmation.url

    async def returned(self, state: str) -> str:
        """The link token of the signer who comes back with this state. Raises ConfirmationUnknown."""
        return (await self._expected(state)).link_token

    async def confirmed(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, state: str, code: str
    ) -> None:
        """Hands the code on to custody, once. Raises ConfirmationUnknown."""
        expected = await self._expected(state)
        await self._store.destroy(_KIND, signer.id)
        signing = await journal.of_signer(tx, request, signer)
        if signing is None or signing.id != expected.signing_id or signing.step != "prepared":
            raise ConfirmationUnknown("What was confirmed is not what is to be signed now.")
        service = self._trust.named(request.scope.mode, expected.service)
        if service.secrets is None:
            raise ConfirmationUnknown("The trust service takes no confirmation.")
        credentials = SignerCredentials(
            code=code, code_verifier=expected.code_verifier, redirect_uri=self._redirect_uri
        )
        await service.secrets.keep(signer.id, credentials)

    async def denied(self, signer: Signer) -> None:
        await self._store.destroy(_KIND, signer.id)

    async def _expected(self, state: str) -> _Expected:
        signer_id = state.partition(".")[0]
        kept = await self._store.reveal(_KIND, signer_id)
        expected = _Expected(**json.loads(kept)) if kept else None
        if (
            expected is None
            or not hmac.compare_digest(expected.state.encode(), state.encode())
            or datetime.fromtimestamp(expected.until, UTC) <= self._clock.now()
        ):
            raise ConfirmationUnknown("This confirmation is not expected, or came too late.")
        return expected


async def is_missing(service: TrustService, signer: Signer) -> bool:
    """Whether the service wants a confirmation on its own page, and there is none yet."""
    if service.secrets is None or not (await service.certificates.demand(signatory_of(signer))).confirmation:
        return False
    return await service.secrets.waiting(signer.id) is None
