"""Invitations: the sandbox's magic signers act by themselves, everybody else gets a link."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import Jobs
from qsignhub.signature_requests.model import SignatureRequest

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
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def send(self, tx: Transaction, request: SignatureRequest) -> None:
        """Wakes those magic signers whose turn it is; called again whenever the turn moves on."""
        for signer in request.signers:
            awake = signer.status == "pending_verification" and request.is_turn_of(signer)
            if awake and magic_behaviour(request, signer.email) in {"succeeds", "fails"}:
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
