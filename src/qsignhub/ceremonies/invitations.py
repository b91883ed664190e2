"""Invitations: everybody whose turn it is gets a link; in the test world some signers act by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from qsignhub.ceremonies.notices import Notices
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import Jobs
from qsignhub.identity.test_documents import FAILING_DOCUMENT, SUCCESS_DOCUMENT
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests

PLAY_JOB = "ceremonies.play_signer"

_SUCCEEDS = "sign.success@qsignhub-test.io"
_FAILS = "sign.fail@qsignhub-test.io"
_DOES_NOTHING = "sign.timeout@qsignhub-test.io"
_TO_ACT = {"pending_verification", "pending_signature"}


@dataclass(frozen=True, slots=True)
class Play:
    """What a signer of the test world does without anybody at a page."""

    document: str | None
    """What the identity check is shown; None where none is asked for."""
    signs: bool


def play_of(request: SignatureRequest, signer: Signer) -> Play | None:
    """By a magic address, or by a test document that the request names. None in live mode, for everybody."""
    if request.scope.mode != "test":
        return None
    address = signer.email.strip().lower()
    if address == _DOES_NOTHING:
        return None
    if address == _FAILS:
        return Play(FAILING_DOCUMENT, signs=False)
    if address == _SUCCEEDS:
        document = SUCCESS_DOCUMENT if signer.identity_method else None
        return Play(signer.test_document or document, signs=True)
    return Play(signer.test_document, signs=False) if signer.test_document else None


def plays_now(request: SignatureRequest, signer: Signer) -> bool:
    """Whether a play is about to begin, or under way."""
    waiting = request.is_open and signer.status in _TO_ACT and request.is_turn_of(signer)
    return waiting and play_of(request, signer) is not None


class Invitations:
    def __init__(self, requests: SignatureRequests, notices: Notices, jobs: Jobs) -> None:
        self._requests = requests
        self._notices = notices
        self._jobs = jobs

    async def send(self, tx: Transaction, request: SignatureRequest) -> None:
        """Invites those whose turn it is, each once; called again whenever the turn moves on."""
        for signer in request.signers:
            if signer.status not in _TO_ACT or not request.is_turn_of(signer):
                continue
            if signer.invited_at is None:
                await self._requests.invited(tx, request, signer)
                await self._notices.tell(tx, "invitation", request, signer)
                if plays_now(request, signer):
                    await self._enqueue_play(tx, request, signer)

    async def _enqueue_play(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> None:
        payload = {
            "account_id": request.scope.account_id,
            "mode": request.scope.mode,
            "request_id": request.id,
            "signer_id": signer.id,
        }
        await self._jobs.enqueue(tx, PLAY_JOB, payload)
