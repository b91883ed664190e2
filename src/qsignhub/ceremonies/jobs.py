"""The jobs of this room: the signing cycle, the sandbox's magic signers, the deadline."""

from __future__ import annotations

from collections.abc import Mapping

from qsignhub.ceremonies.cycle import SigningCycle
from qsignhub.ceremonies.invitations import MAGIC_JOB, magic_behaviour
from qsignhub.ceremonies.service import EXPIRE_JOB, SIGN_JOB, Ceremonies
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.jobs import JobHandler
from qsignhub.foundation.jobs.runner import Payload
from qsignhub.foundation.scope import Scope
from qsignhub.identity.adapters.sandbox import FAILING_DOCUMENT, SUCCESS_DOCUMENT
from qsignhub.signature_requests.service import SignatureRequests


def handlers(
    ceremonies: Ceremonies, cycle: SigningCycle, requests: SignatureRequests
) -> Mapping[str, JobHandler]:
    async def sign(tx: Transaction, payload: Payload) -> bool:
        return await cycle.advance(tx, _scope(payload), payload["request_id"])

    async def act_as_magic_signer(tx: Transaction, payload: Payload) -> None:
        request = await requests.lock(tx, _scope(payload), payload["request_id"])
        signer = request.signer(payload["signer_id"])
        behaviour = magic_behaviour(request, signer.email)
        if signer.status != "pending_verification" or request.status not in {"pending", "in_progress"}:
            return
        if behaviour == "fails":
            await ceremonies.verify_identity(tx, signer.link_token, FAILING_DOCUMENT)
        elif behaviour == "succeeds":
            await ceremonies.verify_identity(tx, signer.link_token, SUCCESS_DOCUMENT)
            await ceremonies.consent(tx, signer.link_token, user_agent="sandbox magic signer")

    async def expire(tx: Transaction, payload: Payload) -> None:
        await ceremonies.expire(tx, _scope(payload), payload["request_id"])

    return {
        SIGN_JOB: JobHandler(sign),
        MAGIC_JOB: JobHandler(act_as_magic_signer),
        EXPIRE_JOB: JobHandler(expire),
    }


def _scope(payload: Payload) -> Scope:
    return Scope(payload["account_id"], payload["mode"])
