"""The last step of a request: a document timestamp over all signatures (PAdES-B-LTA), and completion."""

from __future__ import annotations

import asyncio

from qsignhub.ceremonies import journal
from qsignhub.ceremonies.journal import Signing, there
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.signature import Checkpoint
from qsignhub.ceremonies.workplace import Workplace, published, waiting_for_better
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing.formats import FORMATS
from qsignhub.signing.pades.revision import fill, prepare_document_timestamp
from qsignhub.timestamping.kept import read_kept_token


class Sealing:
    """No signer's key is touched here: every step may be repeated as a whole."""

    def __init__(
        self,
        requests: SignatureRequests,
        trust: TrustServices,
        workplace: Workplace,
        clock: Clock,
        checkpoint: Checkpoint,
    ) -> None:
        self._requests = requests
        self._trust = trust
        self._workplace = workplace
        self._clock = clock
        self._checkpoint = checkpoint

    async def step(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        if signing.step == "authorised" and FORMATS[request.format].archived:
            self._checkpoint("before seal")
            await self._seal(tx, request, signing)
            self._checkpoint("after seal")
        else:
            self._checkpoint("before complete")
            await self._complete(tx, request, signing)
            self._checkpoint("after complete")

    async def _seal(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """Adds the timestamp service's own status, then the timestamp that covers everything."""
        trust = self._trust.named(request.scope.mode, signing.trust_service)
        source = await self._workplace.source(tx, request)
        last = await journal.last_timestamp(tx, request)
        data = await self._workplace.validation_data(trust, read_kept_token(there(last)))
        async with self._workplace.on_copy_of(source) as (original, target):
            prepared = await asyncio.to_thread(
                prepare_document_timestamp,
                original,
                target,
                field_name=f"Timestamp-{signing.id}",
                validation_data=data,
            )
            with waiting_for_better():
                token = await trust.timestamps.timestamp(prepared.digest)
            await asyncio.to_thread(fill, target, prepared, token.der)
            stored = await self._workplace.store(request, signing, "sealed", target)
        await journal.record(
            tx,
            signing,
            "embedded",
            {
                "base_revision": source.revision,
                "timestamp_token": token.der,
                **stored.as_result(),
            },
        )

    async def _complete(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """A format without a document timestamp is complete with the last signature's revision."""
        if signing.step == "embedded":
            await self._requests.publish_revision(tx, request, signing.id, published(signing))
        await self._requests.completed(tx, request)
        await journal.record(tx, signing, "published")
        await journal.finish(tx, signing, self._clock.now())
