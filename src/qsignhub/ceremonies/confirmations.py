"""The signer's confirmation on the trust service's own page (OAuth 2.0 authorization code, CSC clause 8.4).

The service is told the hash that it is asked to sign, so the signer goes there when the signature is
prepared. What comes back is a code, good for that one hash; custody redeems it.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import asdict, dataclass
from datetime import timedelta

from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import ConfirmationUnknown, NothingToConfirm, TrustServiceGone
from qsignhub.ceremonies.findings import prepared_of
from qsignhub.ceremonies.journal import there
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import TrustService, signatory_of
from qsignhub.ceremonies.workplace import format_of
from qsignhub.custody.ports import SecretStore
from qsignhub.custody.signer_secrets import SignerCredentials
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_token
from qsignhub.signature_requests.model import SignatureRequest, SignatureType, Signer

PATIENCE = timedelta(minutes=10)
CALLBACK = "/confirmed"
KIND = "ceremonies.confirmation"
_STATE = re.compile(r"[0-9A-Za-z_-]{1,64}\.[0-9A-Za-z_-]{1,128}")


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """A signing that waits for its signer, and exactly what is to be signed."""

    service: TrustService
    signature_type: SignatureType
    signer: Signer
    signing_id: str
    key_id: str
    message: bytes


@dataclass(frozen=True, slots=True)
class _Expected:
    """``service`` and ``signing_id`` are what the signer was sent away for."""

    state: str
    link_token: str
    service: str
    signing_id: str
    code_verifier: str


class Confirmations:
    def __init__(self, trust: TrustServices, store: SecretStore, clock: Clock, signing_base: str) -> None:
        self._trust = trust
        self._store = store
        self._clock = clock
        self._redirect_uri = f"{signing_base}{CALLBACK}"

    async def is_wanted(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> bool:
        """Whether the signer is to go to the trust service's page now."""
        signing = await journal.of_signer(tx, request, signer)
        if signing is None or signing.step != "prepared" or signing.awaiting_since is None:
            return False
        try:
            service = self._trust.named(request.scope.mode, signing.trust_service)
        except TrustServiceGone:
            return False
        return service.secrets is not None and await service.secrets.waiting(signer.id) is None

    async def wanted(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> ToConfirm:
        """From now on there are ten minutes again. Raises NothingToConfirm."""
        signing = await journal.of_signer(tx, request, signer)
        if signing is None or not await self.is_wanted(tx, request, signer):
            raise NothingToConfirm("There is nothing to confirm at the trust service now.")
        await journal.await_signer(tx, signing, self._clock.now())
        return ToConfirm(
            self._trust.named(request.scope.mode, signing.trust_service),
            request.signature_type,
            signer,
            signing.id,
            there(signing.key_id),
            format_of(request).message(prepared_of(signing)),
        )

    async def address(self, wanted: ToConfirm) -> str:
        """Where the signer has to go; raises what the service raises."""
        signer = wanted.signer
        state = f"{signer.id}.{new_token()}"
        certificates = wanted.service.certificates_for(wanted.signature_type)
        confirmation = await certificates.confirmation(
            wanted.key_id, wanted.message, redirect_uri=self._redirect_uri, state=state
        )
        expected = _Expected(
            state, signer.link_token, wanted.service.name, wanted.signing_id, confirmation.code_verifier
        )
        await self._store.destroy(KIND, signer.id)
        await self._store.keep(KIND, signer.id, json.dumps(asdict(expected)).encode())
        return confirmation.url

    async def returned(self, state: str) -> str:
        """The link token of the signer who comes back with this state. Raises ConfirmationUnknown."""
        expected = await self._expected(state.partition(".")[0]) if _STATE.fullmatch(state) else None
        if expected is None or not hmac.compare_digest(expected.state, state):
            raise ConfirmationUnknown("This confirmation is not expected.")
        return expected.link_token

    async def confirmed(self, tx: Transaction, request: SignatureRequest, signer: Signer, code: str) -> bool:
        """Hands the code on to custody, once; False where it is for a signing that waits no more."""
        expected = await self._expected(signer.id)
        await self._store.destroy(KIND, signer.id)
        signing = await journal.of_signer(tx, request, signer)
        if expected is None or signing is None or signing.id != expected.signing_id:
            return False
        service = self._trust.named(request.scope.mode, expected.service)
        if signing.step != "prepared" or service.secrets is None:
            return False
        credentials = SignerCredentials(
            code=code, code_verifier=expected.code_verifier, redirect_uri=self._redirect_uri
        )
        await service.secrets.keep(signer.id, credentials)
        return True

    async def denied(self, signer: Signer) -> None:
        await self._store.destroy(KIND, signer.id)

    async def _expected(self, signer_id: str) -> _Expected | None:
        kept = await self._store.reveal(KIND, signer_id)
        return _Expected(**json.loads(kept)) if kept else None


async def is_missing(service: TrustService, signature_type: SignatureType, signer: Signer) -> bool:
    """Whether the service wants a confirmation on its own page, and there is none yet."""
    if service.secrets is None or await service.secrets.waiting(signer.id) is not None:
        return False  # the service itself is not asked where there is nothing to learn from it
    demand = await service.certificates_for(signature_type).demand(signatory_of(signer))
    return demand.confirmation
