"""What is to be told to people, as jobs: who listens stands above this room and is not known here."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Mode
from qsignhub.signature_requests.model import SignatureRequest, Signer

NOTICE_JOB = "notifications.notice"

NoticeKind: TypeAlias = Literal["invitation", "reminder", "cancellation"]
Channel: TypeAlias = Literal["email", "sms", "both"]


class Notices:
    def __init__(self, jobs: Jobs, texting: frozenset[Mode] = frozenset({"test"})) -> None:
        """``texting``: the worlds in which text messages can be sent (in the test world: kept)."""
        self._jobs = jobs
        self._texting = texting

    def can_text(self, mode: Mode) -> bool:
        return mode in self._texting

    async def tell(
        self,
        tx: Transaction,
        kind: NoticeKind,
        request: SignatureRequest,
        signer: Signer,
        *,
        channel: Channel = "email",
        message: str | None = None,
    ) -> None:
        """Told once the transaction commits. ``message`` is the sender's own words, plain text.

        The notice's id makes a repeated job recognisable.
        """
        payload = {
            "notice_id": new_id("msg"),
            "kind": kind,
            "account_id": request.scope.account_id,
            "mode": request.scope.mode,
            "request_id": request.id,
            "signer_id": signer.id,
            "channel": channel,
            "message": message,
        }
        await self._jobs.enqueue(tx, NOTICE_JOB, payload)
