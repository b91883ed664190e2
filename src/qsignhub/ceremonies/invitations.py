"""Invitations: everybody whose turn it is gets a link; the sandbox's magic signers then act by themselves."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qsignhub.ceremonies.notices import Notices
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import Jobs
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests

MAGIC_JOB = "ceremonies.magic_signer"

Behaviour: TypeAlias = Literal["succeeds", "fails", "does_nothing"]
_MAGIC: dict[str, Behaviour] = {
    "sign.success@qsignhub-test.io": "succeeds",
    "sign.fail@qsignhub-test.io": "fails",
    "sign.timeout@qsignhub-test.io": "does_nothing",
}


def magic_behaviour(request: SignatureRequest, email: str) -> Behaviour | None:
    """What a magic address does by itself; None for a person's address, and for everybody in live mode."""
    return _MAGIC.get(email.strip().lower()) if request.scope.mode == "test" else None


class Invitations:
    def __init__(self, requests: SignatureRequests, notices: Notices, jobs: Jobs) -> None:
        self._requests = requests
        self._notices = notices
        self._jobs = jobs

    async def send(self, tx: Transaction, request: SignatureRequest) -> None:
        """Invites those whose turn it is, each once; called again whenever the turn moves on."""
        for signer in request.signers:
            if not request.is_turn_of(signer) or signer.status in {"signing", "signed", "failed"}:
                continue
            if signer.invited_at is None and await self._requests.mark_invited(tx, request, signer):
                await self._notices.tell(tx, "invitation", request, signer)
            if signer.status == "pending_verification":
                await self._wake(tx, request, signer)

    async def _wake(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> None:
        if magic_behaviour(request, signer.email) in {"succeeds", "fails"}:
            await self._jobs.enqueue(
                tx,
                MAGIC_JOB,
                {
                    "account_id": request.scope.account_id,
                    "mode": request.scope.mode,
                    "request_id": request.id,
                    "signer_id": signer.id,
                },
            )
