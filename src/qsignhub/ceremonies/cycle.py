"""The signing cycle: prepare, journal, activate, sign, verify, timestamp, embed, publish.

Each call of ``advance`` does one step, or a few that may be lost together, and leaves it to the caller to
commit them. A crash between two steps loses nothing (the journal says what comes next) and doubles nothing
(what a step does is either repeatable or found again). A part that is down makes a step raise Unavailable:
the signer waits, the step is tried again, and the signature's level never drops.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from qsignhub.ceremonies import journal
from qsignhub.ceremonies.confirmations import PATIENCE
from qsignhub.ceremonies.errors import AuthorisationRefused, ConsentLapsed, RequestNoLongerOpen
from qsignhub.ceremonies.journal import Consents, Signing, Step
from qsignhub.ceremonies.sealing import Sealing
from qsignhub.ceremonies.signature import SignatureSteps
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Refused, Unavailable
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signature_requests.states import SignerEvent

SIGN_JOB = "ceremonies.sign"
_MARGIN = timedelta(seconds=1)

_NEEDS_NO_COMMIT: Final[Collection[Step]] = ("certified", "prepared", "embedded")
"""What comes after these touches nothing outside but files with names of their own: a certificate is found
again by what it was issued for, a revision prepared again, an authorisation that is not on record was not
used. Not so after ``activated`` (the key is used), ``signed`` (a token is paid for) and ``timestamped``.
"""

_Then: TypeAlias = Signing | Literal["waiting", "ended"]
"""A signer's signing as it is after a step; ``waiting``: nothing can be done now; ``ended``: that signing
has, or a step of the seal, and the journal tells what is left.
"""


class SigningCycle:
    def __init__(
        self,
        requests: SignatureRequests,
        signature: SignatureSteps,
        sealing: Sealing,
        jobs: Jobs,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._signature = signature
        self._sealing = sealing
        self._jobs = jobs
        self._clock = clock

    async def advance(self, tx: Transaction, scope: Scope, request_id: str) -> bool:
        """Does the next step of a request's signatures; False when there is nothing left to do.

        The request is locked first: two signers at once are two revisions, one after the other. Steps that
        can be done again as if for the first time are done in the same transaction as the one before.
        """
        request = await self._requests.lock(tx, scope, request_id)
        consents = Consents(tx, scope)
        then = await self._do_next(tx, request, consents)
        while isinstance(then, Signing) and then.signer_id is not None and then.step in _NEEDS_NO_COMMIT:
            try:
                then = await self._advance(tx, request, then, consents)
            except Unavailable:  # what was done is kept, and the next call tells
                return True
        if then == "ended":
            return bool(await journal.under_way(tx, request))
        return then != "waiting"

    async def _do_next(self, tx: Transaction, request: SignatureRequest, consents: Consents) -> _Then:
        unavailable: Unavailable | None = None
        for signing in await journal.under_way(tx, request):
            try:
                return await self._advance(tx, request, signing, consents)
            except Unavailable as failure:
                if signing.holds_document or signing.signer_id is None:
                    raise
                unavailable = unavailable or failure  # nobody else has to wait for this one's service
        if unavailable is not None:
            raise unavailable
        return "waiting"

    async def _advance(
        self, tx: Transaction, request: SignatureRequest, signing: Signing, consents: Consents
    ) -> _Then:
        try:
            if signing.signer_id is not None and signing.step != "embedded":
                return await self._step(tx, request, signing, consents)
            async with tx.transaction():  # publication and sealing write before the last can fail
                return await self._step(tx, request, signing, consents)
        except Refused as refusal:
            if signing.signer_id is None:
                raise
            await self._refuse(tx, request, signing, refusal)
        return "ended"

    async def deny(self, tx: Transaction, scope: Scope, request_id: str, signer_id: str) -> None:
        """The signer said no at the trust service: asked again on the page, and others go on."""
        request = await self._requests.lock(tx, scope, request_id)
        signing = await journal.of_signer(tx, request, request.signer(signer_id))
        if signing is not None and signing.step == "prepared":
            refusal = AuthorisationRefused("The signer did not confirm at the trust service.")
            await self._refuse(tx, request, signing, refusal)

    async def _waits(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> bool:
        """For the signer, who is at the trust service; the request is looked at again when that took long.
        A seal waits for newer status.
        """
        if signing.waits_until is not None and signing.waits_until > self._clock.now():
            await self._come_back(tx, request, signing.waits_until - self._clock.now())
            return True
        if signing.signer_id is None or not request.is_open:
            return False
        signer = request.signer(signing.signer_id)
        if not await self._signature.awaits_signer(tx, request, signer, signing):
            return False
        if signing.awaiting_since is None:
            await self._come_back(tx, request, PATIENCE)
        return True

    async def _come_back(self, tx: Transaction, request: SignatureRequest, after: timedelta) -> None:
        scope = request.scope
        payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request.id}
        await self._jobs.enqueue(tx, SIGN_JOB, payload, delay=after + _MARGIN)

    async def _step(
        self, tx: Transaction, request: SignatureRequest, signing: Signing, consents: Consents
    ) -> _Then:
        if await self._waits(tx, request, signing):
            return "waiting"
        if signing.signer_id is None:
            await self._sealing.step(tx, request, signing)
            return "ended"
        if not request.is_open:
            raise RequestNoLongerOpen(f"The signature request is {request.status}.")
        signer = request.signer(signing.signer_id)
        return await self._signature.step(tx, request, signer, signing, consents) or "ended"

    async def _refuse(
        self, tx: Transaction, request: SignatureRequest, signing: Signing, refusal: Refused
    ) -> None:
        await self._signature.abandon(tx, request, signing)
        await journal.finish(tx, signing, self._clock.now(), refusal.code)
        signer = request.signer(signing.signer_id or "")
        if isinstance(refusal, ConsentLapsed):
            await journal.remove_consent(tx, request.scope, signer)
            lapsed: SignerEvent = (
                "consent_lapsed" if signer.identity_method else "consent_lapsed_unidentified"
            )
            await self._requests.signer_moved(tx, request, signer, lapsed)
        else:
            await self._requests.signer_moved(tx, request, signer, "refused", (refusal.code, refusal.message))
