"""Signature requests: made, looked up, moved on. Every move goes through the state tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from qsignhub.documents.errors import RetentionOver
from qsignhub.documents.model import Document
from qsignhub.foundation.account_clock import AccountClock
from qsignhub.foundation.clock import Clock, iso
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.ids import is_id, new_id, new_token
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.together import Together
from qsignhub.signature_requests import reminders, terms
from qsignhub.signature_requests.errors import NotCompleted, SignatureRequestNotFound, SignerNotFound
from qsignhub.signature_requests.events import Announcements
from qsignhub.signature_requests.model import (
    Filters,
    NewSignatureRequest,
    NewSigner,
    Reminder,
    ReminderChannel,
    Revision,
    SignatureRequest,
    SignatureTimestamp,
    SignatureType,
    Signer,
    SigningCertificate,
)
from qsignhub.signature_requests.repository import SignatureRequestRepository
from qsignhub.signature_requests.states import SignerEvent, advance_request, advance_signer


class SignatureRequests:
    """``time`` is the account's (deadlines, reminders), ``clock`` the real one (signatures)."""

    def __init__(
        self,
        repository: SignatureRequestRepository,
        announcements: Announcements,
        clock: Clock,
        time: AccountClock,
        database: Database,
    ) -> None:
        self._repository = repository
        self._announce = announcements
        self._clock = clock
        self._time = time
        self._looked_up = Together(partial(repository.find_all, database))

    async def create(
        self, tx: Transaction, scope: Scope, document: Document, new: NewSignatureRequest
    ) -> SignatureRequest:
        now = await self._time.now(tx, scope)
        request = planned(scope, document, new, now)
        await self._repository.insert(tx, request)
        await self._announce.request(tx, "signature_request.created", request)
        return request

    async def get(self, tx: Transaction, scope: Scope, request_id: str) -> SignatureRequest:
        found = await self._repository.find(tx, scope, request_id) if is_id(request_id) else None
        return _found(found, request_id)

    async def look_up(self, scope: Scope, request_id: str) -> SignatureRequest:
        """``get`` without a transaction, for what is only read; what is asked for at once, together."""
        found = await self._looked_up.ask((scope, request_id)) if is_id(request_id) else None
        return _found(found, request_id)

    async def lock(self, tx: Transaction, scope: Scope, request_id: str) -> SignatureRequest:
        """The request, held until the transaction ends: whoever moves it on, moves it alone."""
        known = is_id(request_id)
        found = await self._repository.find(tx, scope, request_id, lock=True) if known else None
        return _found(found, request_id)

    async def page(
        self,
        tx: Transaction,
        scope: Scope,
        filters: Filters,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> list[SignatureRequest]:
        """The newest first, beginning behind ``after`` (created_at, id)."""
        return await self._repository.list_page(tx, scope, filters, after, limit)

    async def due(self, tx: Transaction, scope: Scope) -> list[str]:
        """Open requests whose deadline has passed by the account's clock."""
        return await self._repository.due(tx, scope, await self._time.now(tx, scope))

    async def is_over(self, tx: Transaction, request: SignatureRequest) -> bool:
        """Whether nobody can sign any more: ended, or its deadline has just passed."""
        if request.status in {"expired", "cancelled"}:
            return True
        return request.expires_at <= await self._time.now(tx, request.scope)

    async def add_signer(
        self, tx: Transaction, scope: Scope, request_id: str, new: NewSigner
    ) -> tuple[SignatureRequest, Signer]:
        """Raises IllegalMove unless the request is pending."""
        request = await self.lock(tx, scope, request_id)
        advance_request(request.standing, "signer_added")
        terms.check_signer(new, request.signature_type, scope.mode)
        signer = _new_signer(len(request.signers), new, request.signature_type)
        await self._repository.add_signer(tx, request, signer)
        return replace(request, signers=(*request.signers, signer)), signer

    async def cancel(
        self, tx: Transaction, scope: Scope, request_id: str, reason: str | None
    ) -> SignatureRequest:
        """Ends an open request for good. Raises IllegalMove: of this and the last signature one wins."""
        request = await self.lock(tx, scope, request_id)
        moved = replace(
            request,
            status=advance_request(request.standing, "cancelled"),
            cancelled_at=await self._time.now(tx, scope),
            cancel_reason=reason,
        )
        await self._repository.set_state(tx, moved)
        return moved

    async def invited(self, tx: Transaction, request: SignatureRequest, signer: Signer) -> None:
        now = await self._time.now(tx, request.scope)
        await self._repository.set_invited(tx, request, signer, now)

    async def reminded(
        self, tx: Transaction, request: SignatureRequest, signer: Signer, channel: ReminderChannel
    ) -> Reminder:
        """Counts a reminder of a locked request's signer.

        Raises IllegalMove, ReminderLimitReached, ReminderTooSoon, PhoneRequired.
        """
        advance_signer(signer.status, "reminded")
        now = await self._time.now(tx, request.scope)
        sent = await self._repository.reminders(tx, request, signer)
        reminder = reminders.next_one(sent, signer, channel, now)
        await self._repository.add_reminder(tx, signer, reminder)
        return reminder

    async def by_link(self, tx: Transaction, token: str) -> SignatureRequest | None:
        found = await self._repository.find_by_link(tx, token)
        return await self.get(tx, *found) if found else None

    async def by_signer_link(
        self, tx: Transaction, token: str, *, lock: bool = False
    ) -> tuple[SignatureRequest, Signer] | None:
        found = await self._repository.find_signer_by_link(tx, token)
        if found is None:
            return None
        scope, request_id, signer_id = found
        request = await (self.lock if lock else self.get)(tx, scope, request_id)
        return request, request.signer(signer_id)

    async def signer_moved(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signer: Signer,
        event: SignerEvent,
        failure: tuple[str, str] | None = None,
    ) -> None:
        """Moves a signer; ``failure`` is a code and a sentence that says why."""
        status = advance_signer(signer.status, event)
        await self._repository.set_signer_status(tx, request, signer, status, failure)
        moved = replace(signer, status=status)
        if event in {"identity_verified", "identity_failed"}:
            outcome = "completed" if event == "identity_verified" else "failed"
            await self._announce.signer(tx, f"signer.verification_{outcome}", request, moved)

    async def signature_published(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signer: Signer,
        certificate: SigningCertificate,
        timestamp: SignatureTimestamp,
        signed_at: datetime,
    ) -> SignatureRequest:
        """The signer has signed; the request as it stands now."""
        signed = replace(
            signer,
            status=advance_signer(signer.status, "signature_published"),
            signed_at=signed_at,
            certificate=certificate,
            timestamp=timestamp,
        )
        await self._repository.set_signed(tx, request, signer, signed_at, certificate, timestamp)
        moved = replace(
            request,
            status=advance_request(request.standing, "signer_signed"),
            signers=tuple(signed if other.id == signed.id else other for other in request.signers),
        )
        if moved.status != request.status:
            await self._repository.set_state(tx, moved)
        await self._announce.signer(tx, "signer.signed", moved, signed)
        return moved

    async def completed(self, tx: Transaction, request: SignatureRequest) -> None:
        moved = replace(
            request, status=advance_request(request.standing, "sealed"), completed_at=self._clock.now()
        )
        await self._repository.set_state(tx, moved)
        await self._announce.request(tx, "signature_request.completed", moved)

    async def expire_if_due(self, tx: Transaction, scope: Scope, request_id: str) -> timedelta | None:
        """Ends an open request whose deadline has passed; else the time that is left, None if it is over.

        Once everybody has signed there is no deadline left: what remains is ours to finish.
        """
        request = await self.lock(tx, scope, request_id)
        if not request.is_open or request.standing.signed == request.standing.signers:
            return None
        remaining = request.expires_at - await self._time.now(tx, scope)
        if remaining > timedelta(0):
            return remaining
        moved = replace(request, status=advance_request(request.standing, "deadline_passed"))
        await self._repository.set_state(tx, moved)
        await self._announce.request(tx, "signature_request.expired", moved)
        return None

    async def latest_revision(self, tx: Transaction, request: SignatureRequest) -> Revision | None:
        return await self._repository.latest_revision(tx, request)

    async def publish_revision(
        self, tx: Transaction, request: SignatureRequest, signing_id: str, revision: Revision
    ) -> None:
        await self._repository.add_revision(tx, request, signing_id, revision, self._clock.now())

    async def any_open_on(self, tx: Transaction, scope: Scope, document_id: str) -> bool:
        """Whether a request that is not over yet is about the document."""
        return await self._repository.any_open_on(tx, scope, document_id)

    async def signed_document(self, tx: Transaction, request: SignatureRequest) -> Revision:
        """The final document of a completed request, signatures and document timestamp included.

        Raises NotCompleted; RetentionOver once it is removed together with the document.
        """
        revision = await self._repository.latest_revision(tx, request)
        if request.status != "completed" or revision is None:
            raise NotCompleted(
                f"The signature request is {request.status}; "
                "the signed document is there once it is completed."
            )
        removed_at = await self._repository.files_removed_at(tx, request)
        if removed_at is not None:
            raise RetentionOver(
                f"The signed document was removed on {iso(removed_at)}: its retention is over."
            )
        return revision


def signer_of(request: SignatureRequest, signer_id: str) -> Signer:
    """Raises SignerNotFound."""
    try:
        return request.signer(signer_id)
    except LookupError:
        raise SignerNotFound(f"The signature request has no signer {signer_id}.") from None


def planned(scope: Scope, document: Document, new: NewSignatureRequest, now: datetime) -> SignatureRequest:
    """The request as it would be made now; stores nothing.

    Raises Invalid for what cannot be asked for, RetentionOver for a document that is about to be removed.
    """
    if document.expires_at <= now:  # the job that removes it comes a moment later
        raise RetentionOver(
            f"The document was kept until {iso(document.expires_at)}, as announced.", field="document_id"
        )
    terms.check_request(new, document, scope.mode, now)
    return SignatureRequest(
        id=new_id("sreq"),
        scope=scope,
        document_id=document.id,
        status="pending",
        signature_type=new.signature_type,
        signing_order=new.signing_order,
        format=terms.format_of(new, document),
        packaging=terms.packaging_of(new, document),
        redirect_url=new.redirect_url,
        fields=new.fields,
        metadata=dict(new.metadata or {}),
        link_token=new_token(),
        created_at=now,
        expires_at=terms.deadline_of(new, document, now),
        completed_at=None,
        cancelled_at=None,
        cancel_reason=None,
        signers=tuple(
            _new_signer(position, signer, new.signature_type) for position, signer in enumerate(new.signers)
        ),
        summary_mark=new.summary_mark,
    )


def _found(request: SignatureRequest | None, request_id: str) -> SignatureRequest:
    if request is None:
        raise SignatureRequestNotFound(f"There is no signature request {request_id}.")
    return request


def _new_signer(position: int, new: NewSigner, signature_type: SignatureType) -> Signer:
    method = terms.method_of(new, signature_type)
    return Signer(
        id=new_id("sgn"),
        position=position,
        order=new.order if new.order is not None else position + 1,
        name=new.name,
        email=new.email,
        phone=new.phone,
        locale=new.locale,
        identity_method=method,
        identity_country=new.identity_country,
        test_document=new.test_document,
        status="pending_signature" if method is None else "pending_verification",
        failure_code=None,
        failure_message=None,
        link_token=new_token(),
        invited_at=None,
        signed_at=None,
        certificate=None,
        timestamp=None,
        reason=new.reason,
    )
