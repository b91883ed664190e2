"""The jobs of this room: the signing cycle, the sandbox's signers that act by themselves, the deadline, and
finished files whose archive timestamps end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from qsignhub.ceremonies.cycle import SIGN_JOB, SigningCycle
from qsignhub.ceremonies.deadline import EXPIRE_JOB
from qsignhub.ceremonies.extension import EXTEND_JOB
from qsignhub.ceremonies.invitations import PLAY_JOB, play_of, plays_now
from qsignhub.ceremonies.service import Ceremonies
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import JobHandler, RetryPolicy
from qsignhub.foundation.jobs.runner import Payload
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.service import SignatureRequests

_NO_HURRY = RetryPolicy(first=timedelta(minutes=1), cap=timedelta(hours=1))


def handlers(
    ceremonies: Ceremonies, cycle: SigningCycle, requests: SignatureRequests
) -> Mapping[str, JobHandler]:
    async def sign(tx: Transaction, payload: Payload) -> bool:
        return await cycle.advance(tx, _scope(payload), payload["request_id"])

    async def play_signer(tx: Transaction, payload: Payload) -> None:
        request = await requests.lock(tx, _scope(payload), payload["request_id"])
        signer = request.signer(payload["signer_id"])
        play = play_of(request, signer)
        if play is None or not plays_now(request, signer):
            return
        if play.document is not None:
            verification = await ceremonies.verify_identity(tx, signer.link_token, play.document)
            if verification.status == "failed":
                return
        if play.signs:
            await ceremonies.consent(tx, signer.link_token, user_agent="sandbox magic signer")

    async def expire(tx: Transaction, payload: Payload) -> None:
        await ceremonies.expire(tx, _scope(payload), payload["request_id"])

    return {
        SIGN_JOB: JobHandler(sign),
        EXTEND_JOB: JobHandler(sign, retry=_NO_HURRY),
        PLAY_JOB: JobHandler(play_signer),
        EXPIRE_JOB: JobHandler(expire),
    }


def _scope(payload: Payload) -> Scope:
    return Scope(payload["account_id"], payload["mode"])
