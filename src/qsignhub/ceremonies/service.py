"""One signer's act, from the link to the consent. What follows the consent is the signing cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from qsignhub.ceremonies import journal
from qsignhub.ceremonies.authorisation import NOTHING_ENTERED, Authorisations, Entered, Offer
from qsignhub.ceremonies.clicks import record_of
from qsignhub.ceremonies.confirmations import Confirmations, ToConfirm
from qsignhub.ceremonies.cycle import SIGN_JOB, SigningCycle
from qsignhub.ceremonies.deadline import look_at_deadline
from qsignhub.ceremonies.errors import (
    IdentityNotVerified,
    LinkSpent,
    LinkUnknown,
    NotYourTurn,
    RequestClosed,
)
from qsignhub.ceremonies.invitations import Invitations, play_of, plays_now
from qsignhub.ceremonies.journal import Consent
from qsignhub.ceremonies.notices import Notices
from qsignhub.ceremonies.plan import Plan, plan_of
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.trust import TrustService, signatory_of
from qsignhub.ceremonies.visible import has_room_to_write, written_of
from qsignhub.custody.ports import OnceOnly
from qsignhub.documents.model import Document
from qsignhub.documents.service import Documents
from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Scope
from qsignhub.identity.model import Applicant, Verification
from qsignhub.identity.service import IdentityVerifications
from qsignhub.signature_requests.errors import IllegalMove, SmsNotConfigured
from qsignhub.signature_requests.model import (
    NewSignatureRequest,
    NewSigner,
    Reminder,
    ReminderChannel,
    SignatureRequest,
    Signer,
)
from qsignhub.signature_requests.service import SignatureRequests, planned, signer_of
from qsignhub.signature_requests.states import SignerEvent

VerificationState: TypeAlias = Literal["pending", "in_progress", "verified", "failed"]


@dataclass(frozen=True, slots=True)
class Session:
    """What a signer's link opens."""

    request: SignatureRequest
    signer: Signer
    document: Document
    my_turn: bool
    over: bool
    """The request has ended, or its deadline has passed: nobody can sign any more."""
    step: journal.Step | None
    """How far the signature is, once the signer has consented."""
    awaited: bool = False
    """The signer has to confirm on the trust service's page."""
    refusal: str | None = None
    """The code with which the last attempt ended, where the signer is asked again."""


class Ceremonies:
    def __init__(
        self,
        requests: SignatureRequests,
        documents: Documents,
        identities: IdentityVerifications,
        trust: TrustServices,
        cycle: SigningCycle,
        confirmations: Confirmations,
        invitations: Invitations,
        notices: Notices,
        once: OnceOnly,
        jobs: Jobs,
        clock: Clock,
        time: AccountClock,
    ) -> None:
        """``time`` is the account's (deadlines), ``clock`` the real one (the signer's act)."""
        self._requests = requests
        self._documents = documents
        self._identities = identities
        self._trust = trust
        self._authorisations = Authorisations(trust, once, clock)
        self._cycle = cycle
        self._confirmations = confirmations
        self._invitations = invitations
        self._notices = notices
        self._jobs = jobs
        self._clock = clock
        self._time = time

    async def open(self, tx: Transaction, scope: Scope, new: NewSignatureRequest) -> SignatureRequest:
        """Makes the request and invites its signers."""
        new, _ = self._routed(scope, new)
        document = await self._documents.hold(tx, scope, new.document_id)
        request = await self._requests.create(tx, scope, document, new)
        await self._invitations.send(tx, request)
        remaining = request.expires_at - request.created_at
        await look_at_deadline(self._jobs, tx, scope, request.id, remaining)
        return request

    async def plan(self, tx: Transaction, scope: Scope, new: NewSignatureRequest) -> Plan:
        """What ``open`` would do, and does not: nothing is stored, nobody is told."""
        new, services = self._routed(scope, new)
        document = await self._documents.get(tx, scope, new.document_id)
        now = await self._time.now(tx, scope)
        request = planned(scope, document, new, now)
        listed = [
            await service.certificates_for(new.signature_type).would_make_qes(
                signatory_of(signer), service.trusted_lists
            )
            for service, signer in zip(services, request.signers, strict=True)
        ]
        return plan_of(request, document, listed=listed)

    async def add_signer(self, tx: Transaction, scope: Scope, request_id: str, new: NewSigner) -> Signer:
        """Adds a signer to a pending request and invites them when it is their turn."""
        signature_type = (await self._requests.get(tx, scope, request_id)).signature_type
        [service] = self._trust.check(scope, signature_type, [new.identity_country])
        request, signer = await self._requests.add_signer(
            tx, scope, request_id, replace(new, identified_by_trust_service=service.identifies_signers)
        )
        await self._invitations.send(tx, request)
        return signer

    async def cancel(
        self, tx: Transaction, scope: Scope, request_id: str, reason: str | None
    ) -> SignatureRequest:
        """Ends an open request and tells everybody who was invited."""
        cancelled = await self._requests.cancel(tx, scope, request_id, reason)
        for signer in cancelled.signers:
            if signer.invited_at is not None:
                await self._notices.tell(tx, "cancellation", cancelled, signer, message=reason)
        return cancelled

    async def remind(
        self,
        tx: Transaction,
        scope: Scope,
        request_id: str,
        signer_id: str,
        channel: ReminderChannel,
        message: str | None,
    ) -> Reminder:
        """Raises IllegalMove, NotYourTurn, and what ``SignatureRequests.reminded`` raises."""
        request = await self._requests.lock(tx, scope, request_id)
        signer = signer_of(request, signer_id)
        if not request.is_open:
            raise IllegalMove(f"The signature request is {request.status}: there is nothing to remind of.")
        if not request.is_turn_of(signer):
            raise NotYourTurn("Somebody else signs before this signer: there is nothing to remind of yet.")
        if channel != "email" and not self._notices.can_text(scope.mode):
            raise SmsNotConfigured("This service sends no text messages; remind by email.", field="channel")
        reminder = await self._requests.reminded(tx, request, signer, channel)
        await self._notices.tell(tx, "reminder", request, signer, channel=channel, message=message)
        return reminder

    async def verification(
        self, tx: Transaction, scope: Scope, request_id: str, signer_id: str
    ) -> tuple[Signer, VerificationState, Verification | None]:
        """How far a signer's identity check is, and what it found."""
        request = await self._requests.get(tx, scope, request_id)
        signer = signer_of(request, signer_id)
        found = await self._identities.of_signer(tx, scope, signer.id)
        if found is not None:
            return signer, found.status, found
        play = play_of(request, signer)
        under_way = plays_now(request, signer) and play is not None and play.document is not None
        return signer, "in_progress" if under_way else "pending", None

    async def clock_moved(self, tx: Transaction, scope: Scope) -> None:
        """The test world's clock was moved ahead: what has become due happens now."""
        for request_id in await self._requests.due(tx, scope):
            await look_at_deadline(self._jobs, tx, scope, request_id)
        await self._documents.enqueue_due(tx, scope)

    async def session(self, tx: Transaction, token: str) -> Session:
        """Raises LinkUnknown. A link stays readable after signing: it shows what was done."""
        found = await self._requests.by_signer_link(tx, token)
        if found is None:
            raise LinkUnknown("This signing link is not known. Check that it was copied completely.")
        request, signer = found
        document = await self._documents.record(tx, request.scope, request.document_id)
        step = await journal.step_of(tx, request, signer) if signer.status == "signing" else None
        over = await self._requests.is_over(tx, request)
        asked = signer.status in {"verified", "pending_signature"}
        refusal = await journal.last_refusal(tx, request, signer) if asked else None
        awaited = step == "prepared" and await self._confirmations.is_wanted(tx, request, signer)
        return Session(request, signer, document, request.is_turn_of(signer), over, step, awaited, refusal)

    async def overview(self, tx: Transaction, token: str) -> tuple[SignatureRequest, Document]:
        """What a request's own link opens: who has signed and who has not."""
        request = await self._requests.by_link(tx, token)
        if request is None:
            raise LinkUnknown("This signing link is not known. Check that it was copied completely.")
        return request, await self._documents.record(tx, request.scope, request.document_id)

    async def verify_identity(self, tx: Transaction, token: str, document_number: str) -> Verification:
        """Has the signer's identity checked by a document; the outcome is an answer, not an error."""
        request, signer = await self._act(tx, token)
        applicant = Applicant(signer.name, signer.identity_country)
        method = signer.identity_method or "video_id"
        verification = await self._identities.verify(
            tx, request.scope, signer.id, applicant, document_number, method
        )
        verified = verification.status == "verified"
        event: SignerEvent = "identity_verified" if verified else "identity_failed"
        reason = verification.failure_reason
        failure = ("IDENTITY_VERIFICATION_FAILED", reason) if reason else None
        await self._requests.signer_moved(tx, request, signer, event, failure)
        return verification

    async def offer(self, session: Session) -> Offer:
        """The trust service that would sign for the signer now, and what it wants from them.

        Asks the service itself, so not within a transaction. Raises TrustServiceUnavailable, Refused.
        """
        return await self._authorisations.offer(session.request, session.signer)

    async def send_otp(self, session: Session) -> None:
        """Has the trust service send the signer a one-time password; not within a transaction.

        Raises OtpTooSoon, TrustServiceUnavailable, Refused.
        """
        await self._authorisations.send_otp(session.request, session.signer)

    async def to_confirm(self, tx: Transaction, token: str) -> ToConfirm:
        """What the signer has to confirm at the trust service now. Raises NothingToConfirm."""
        request, signer = await self._act(tx, token)
        return await self._confirmations.wanted(tx, request, signer)

    async def confirmation_address(self, wanted: ToConfirm) -> str:
        """The trust service's page for it. Asks the service, so not within a transaction."""
        return await self._confirmations.address(wanted)

    async def confirmed(self, tx: Transaction, state: str, code: str | None) -> str:
        """The signer is back from the trust service, with a code, or without one: it was not confirmed.

        The token of the signer's link: the page says how things stand, also where it came too late.
        Raises ConfirmationUnknown, LinkSpent, RequestClosed.
        """
        token = await self._confirmations.returned(state)
        request, signer = await self._act(tx, token)
        if code:
            in_time = await self._confirmations.confirmed(tx, request, signer, code)
        else:
            in_time = True
            await self._confirmations.denied(signer)
            await self._cycle.deny(tx, request.scope, request.id, signer.id)
        if in_time:
            await self._take_up(tx, request.scope, request.id)
        return token

    async def consent(
        self,
        tx: Transaction,
        token: str,
        *,
        offer: Offer | None = None,
        entered: Entered = NOTHING_ENTERED,
        written: str | None = None,
        ip_address: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        """The signer's act of signing, with the trust service of ``offer``, which was had before.

        ``written``: how the signature is to look where it is seen, as ``visible.written_of`` reads it. Done
        twice, it is done once: the second finds the first under way. Raises LinkUnknown, LinkSpent,
        RequestClosed, NotYourTurn, IdentityNotVerified, DrawingUnusable, SignerSecretMissing,
        TrustServiceUnavailable.
        """
        request, signer = await self._act(tx, token)
        if signer.status == "signing":
            return
        if signer.status not in {"verified", "pending_signature"}:
            raise IdentityNotVerified("Your identity has to be verified before you can sign.")
        if not has_room_to_write(request, signer) or written_of(written, signer) is None:
            written = None
        document = await self._documents.hold(tx, request.scope, request.document_id)
        now = self._clock.now()
        signable = self._documents.signable(document, request.format)
        click = None
        if request.signature_type == "ses":
            click = record_of(request, signer, document.sha256, now, ip_address, user_agent)
        consent = Consent(signer.id, document.sha256, signable.sha256, now, click=click, written=written)
        offer = offer or await self._authorisations.offer(request, signer)
        service = await self._authorisations.begin(request, signer, offer, entered)
        await journal.add_consent(tx, request.scope, consent, ip_address, user_agent)
        await journal.begin(tx, request, new_id("sig"), signer, service.name, now)
        await self._requests.signer_moved(tx, request, signer, "consented")
        await self._take_up(tx, request.scope, request.id)

    async def resume(self, tx: Transaction) -> int:
        """Takes up every unfinished signing again, also one whose job was held after failing too often.

        How many requests; a job too many finds nothing to do.
        """
        found = await journal.unfinished(tx)
        for scope, request_id in found:
            await self._take_up(tx, scope, request_id)
        return len(found)

    async def expire(self, tx: Transaction, scope: Scope, request_id: str) -> None:
        """Ends a request whose deadline has passed; one that is early by a hair comes back."""
        remaining = await self._requests.expire_if_due(tx, scope, request_id)
        if remaining is not None:
            await look_at_deadline(self._jobs, tx, scope, request_id, remaining)

    def _routed(
        self, scope: Scope, new: NewSignatureRequest
    ) -> tuple[NewSignatureRequest, Sequence[TrustService]]:
        """Each signer's way to a signature. Raises TrustServiceNotConfigured where there is none."""
        services = self._trust.check(
            scope, new.signature_type, [signer.identity_country for signer in new.signers]
        )
        signers = (
            replace(signer, identified_by_trust_service=service.identifies_signers)
            for signer, service in zip(new.signers, services, strict=True)
        )
        return replace(new, signers=tuple(signers)), services

    async def _take_up(self, tx: Transaction, scope: Scope, request_id: str) -> None:
        payload = {"account_id": scope.account_id, "mode": scope.mode, "request_id": request_id}
        await self._jobs.enqueue(tx, SIGN_JOB, payload)

    async def _act(self, tx: Transaction, token: str) -> tuple[SignatureRequest, Signer]:
        """The signer behind a link, allowed to act now; the request is held until the transaction ends."""
        found = await self._requests.by_signer_link(tx, token, lock=True)
        if found is None:
            raise LinkUnknown("This signing link is not known. Check that it was copied completely.")
        request, signer = found
        if signer.status == "signed":
            raise LinkSpent("You have signed this document already; this link has done its work.")
        if await self._requests.is_over(tx, request):
            raise RequestClosed("This signature request is no longer open; ask its sender for a new one.")
        if signer.status == "failed":
            raise RequestClosed("This signature was refused; ask the sender for a new request.")
        if not request.is_turn_of(signer):
            raise NotYourTurn("Somebody else signs before you; come back when it is your turn.")
        return request, signer
