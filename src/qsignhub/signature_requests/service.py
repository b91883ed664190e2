"""Signature requests: made, looked up, moved on. Every move goes through the state tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from qsignhub.documents.errors import RetentionOver
from qsignhub.documents.model import Document
from qsignhub.foundation.clock import Clock, iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.ids import is_id, new_id, new_token
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.errors import (
    ExpiryInThePast,
    FieldOutsideDocument,
    NotCompleted,
    SignatureRequestNotFound,
)
from qsignhub.signature_requests.events import Announcements
from qsignhub.signature_requests.model import (
    DEFAULT_LIFETIME,
    NewSignatureRequest,
    NewSigner,
    Revision,
    SignatureRequest,
    SignatureTimestamp,
    Signer,
    SigningCertificate,
)
from qsignhub.signature_requests.repository import SignatureRequestRepository
from qsignhub.signature_requests.states import SignerEvent, advance_request, advance_signer


class SignatureRequests:
    def __init__(
        self, repository: SignatureRequestRepository, announcements: Announcements, clock: Clock
    ) -> None:
        self._repository = repository
        self._announce = announcements
        self._clock = clock

    async def create(
        self, tx: Transaction, scope: Scope, document: Document, new: NewSignatureRequest
    ) -> SignatureRequest:
        now = self._clock.now()
        _check_expiry(new.expires_at, now)
        _check_fields(new, document)
        request = SignatureRequest(
            id=new_id("sreq"),
            scope=scope,
            document_id=document.id,
            status="pending",
            signature_type=new.signature_type,
            signing_order=new.signing_order,
            redirect_url=new.redirect_url,
            fields=new.fields,
            metadata=dict(new.metadata or {}),
            link_token=new_token(),
            created_at=now,
            expires_at=new.expires_at or now + DEFAULT_LIFETIME,
            completed_at=None,
            signers=tuple(_new_signer(position, signer) for position, signer in enumerate(new.signers)),
        )
        await self._repository.insert(tx, request)
        await self._announce.request(tx, "signature_request.created", request)
        return request

    async def get(self, tx: Transaction, scope: Scope, request_id: str) -> SignatureRequest:
        found = await self._repository.find(tx, scope, request_id) if is_id(request_id) else None
        return _found(found, request_id)

    async def lock(self, tx: Transaction, scope: Scope, request_id: str) -> SignatureRequest:
        """The request, held until the transaction ends: whoever moves it on, moves it alone."""
        return _found(await self._repository.find(tx, scope, request_id, lock=True), request_id)

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
            status=advance_request(request.status, "signer_signed"),
            signers=tuple(signed if other.id == signed.id else other for other in request.signers),
        )
        await self._repository.set_status(tx, request, moved.status)
        await self._announce.signer(tx, "signer.signed", moved, signed)
        return moved

    async def completed(self, tx: Transaction, request: SignatureRequest) -> None:
        moved = replace(
            request, status=advance_request(request.status, "sealed"), completed_at=self._clock.now()
        )
        await self._repository.set_status(tx, request, moved.status, moved.completed_at)
        await self._announce.request(tx, "signature_request.completed", moved)

    async def expire_if_due(self, tx: Transaction, scope: Scope, request_id: str) -> timedelta | None:
        """Ends an open request whose deadline has passed; else the time that is left, None if it is over.

        Once everybody has signed there is no deadline left: what remains is ours to finish.
        """
        request = await self.lock(tx, scope, request_id)
        if request.status not in {"pending", "in_progress"}:
            return None
        if all(signer.status == "signed" for signer in request.signers):
            return None
        remaining = request.expires_at - self._clock.now()
        if remaining > timedelta(0):
            return remaining
        moved = replace(request, status=advance_request(request.status, "deadline_passed"))
        await self._repository.set_status(tx, request, moved.status)
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


def _found(request: SignatureRequest | None, request_id: str) -> SignatureRequest:
    if request is None:
        raise SignatureRequestNotFound(f"There is no signature request {request_id}.")
    return request


def _new_signer(position: int, new: NewSigner) -> Signer:
    return Signer(
        id=new_id("sgn"),
        position=position,
        order=new.order if new.order is not None else position + 1,
        name=new.name,
        email=new.email,
        phone=new.phone,
        locale=new.locale,
        identity_method=new.identity_method,
        identity_country=new.identity_country,
        status="pending_verification",
        failure_code=None,
        failure_message=None,
        link_token=new_token(),
        signed_at=None,
        certificate=None,
        timestamp=None,
    )


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise ExpiryInThePast(
            "expires_at is in the past; leave it out for 30 days from now.", field="expires_at"
        )


def _check_fields(new: NewSignatureRequest, document: Document) -> None:
    taken: set[int] = set()
    for index, field in enumerate(new.fields):
        if field.signer_index >= len(new.signers):
            raise FieldOutsideDocument(
                f"There is no signer {field.signer_index}; signers are counted from 0.",
                field=f"fields.{index}.signer_index",
            )
        if document.pages is not None and field.page > document.pages:
            raise FieldOutsideDocument(
                f"The document has {document.pages} pages.", field=f"fields.{index}.page"
            )
        if field.signer_index in taken:
            raise FieldOutsideDocument(
                "A signer has one signature field.", field=f"fields.{index}.signer_index"
            )
        taken.add(field.signer_index)
