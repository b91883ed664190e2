"""What is on record of a completed request, gathered, and handed out as proof."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from qsignhub.accounts.service import Accounts
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.errors import TrustServiceGone
from qsignhub.ceremonies.history import history_of
from qsignhub.ceremonies.journal import RecordedSigning
from qsignhub.ceremonies.records import Records, discreet
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.documents.service import Documents
from qsignhub.evidence.archive import archive
from qsignhub.evidence.contents import contents
from qsignhub.evidence.model import History, Party
from qsignhub.evidence.report_html import render_html
from qsignhub.evidence.report_pdf import render_pdf
from qsignhub.foundation.blobs import Blobs
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.events import Events
from qsignhub.identity.model import Verification
from qsignhub.identity.service import IdentityVerifications
from qsignhub.signature_requests.model import Revision, SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests


@dataclass(frozen=True, slots=True)
class Dossier:
    """The history, where the files lie, and the identity checks by the signer's number.

    ``original_key``: of the document as it was uploaded, where the signed file does not hold it.
    """

    request: SignatureRequest
    history: History
    signed_key: str
    original_key: str | None
    verifications: Mapping[int, Verification]


class Dossiers:
    def __init__(
        self,
        accounts: Accounts,
        requests: SignatureRequests,
        documents: Documents,
        identities: IdentityVerifications,
        events: Events,
        trust: TrustServices,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._requests = requests
        self._documents = documents
        self._identities = identities
        self._events = events
        self._trust = trust
        self._blobs = blobs
        self._clock = clock

    async def gather(self, tx: Transaction, request: SignatureRequest) -> Dossier:
        """Raises NotCompleted, and what reading the signed document raises."""
        signed = await self._requests.signed_document(tx, request)
        records = await self._records(tx, request, signed)
        history = await asyncio.to_thread(history_of, records)
        numbers = {signer.id: number for number, signer in enumerate(request.signers, 1)}
        checks = {numbers[signer_id]: found for signer_id, found in records.verifications.items()}
        document = records.document
        apart = request.packaging == "detached" or history.converted_sha256 is not None
        original_key = document.blob_key if apart and not document.is_gone else None
        return Dossier(request, history, signed.blob_key, original_key, checks)

    async def trail_so_far(self, tx: Transaction, request: SignatureRequest) -> bytes:
        """The history up to now as a PDF to lie inside of the signed document, where whoever gets that reads
        it and nobody can take it back: names and acts, not what else is known of the people.
        """
        records = discreet(await self._records(tx, request, None))
        history = await asyncio.to_thread(history_of, records)
        return await asyncio.to_thread(render_pdf, history)

    async def _records(self, tx: Transaction, request: SignatureRequest, signed: Revision | None) -> Records:
        scope = request.scope
        signings = await journal.recorded_signings(tx, request)
        issued = {signing.id: await self._issued_at(tx, request, signing) for signing in signings}
        return Records(
            told_at=self._clock.now(),
            request=request,
            sender=await self._accounts.name_of(tx, scope) or scope.account_id,
            document=await self._documents.record(tx, scope, request.document_id),
            signed=signed,
            invited_at={
                signer.id: signer.invited_at for signer in request.signers if signer.invited_at is not None
            },
            events=await self._events.of_request(tx, scope, request.id),
            consents=await journal.recorded_consents(tx, request),
            signings=signings,
            issued_at={key: moment for key, moment in issued.items() if moment is not None},
            verifications=await self._identities.of_signers(
                tx, scope, [signer.id for signer in request.signers]
            ),
        )

    async def _issued_at(
        self, tx: Transaction, request: SignatureRequest, signing: RecordedSigning
    ) -> datetime | None:
        if signing.key_id is None:
            return None
        try:
            service = self._trust.named(request.scope.mode, signing.trust_service)
            certificates = service.certificates_for(request.signature_type)
        except TrustServiceGone:
            return None
        return await certificates.issued_at(tx, signing.key_id)

    async def audit_trail(self, dossier: Dossier) -> bytes:
        """The history as a PDF. It is set anew each time: that is quick, and gives the same bytes."""
        return await asyncio.to_thread(render_pdf, dossier.history)

    async def archive(self, dossier: Dossier) -> AsyncIterator[bytes]:
        """Everything as a ZIP archive, in pieces: no file of it is whole in memory but what we make.

        The reports are made and the signed document is opened before the first piece is asked for: what
        fails there is still told as an error.
        """
        history = dossier.history
        html, pdf = await asyncio.to_thread(render_html, history), await self.audit_trail(dossier)
        signed = self._blobs.stream(dossier.signed_key)
        first = await anext(signed)

        async def pictures(party: Party) -> Mapping[str, bytes]:
            found = dossier.verifications.get(party.number)
            return await self._identities.images(dossier.request.scope, found) if found else {}

        whole = _chained(first, signed)
        original = self._blobs.stream(dossier.original_key) if dossier.original_key else None
        files = contents(history, html=html, pdf=pdf, signed=whole, original=original, pictures=pictures)
        return archive(files, history.told_at)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
