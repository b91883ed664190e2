"""What comes after the last signature: archive timestamps over all of them (B-LTA), and completion; years
later, before those end, others over them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from qsignhub.ceremonies import archive_journal, journal, status_data
from qsignhub.ceremonies.archive_journal import Stamps
from qsignhub.ceremonies.deadline import look_at_deadline
from qsignhub.ceremonies.extension import ArchiveCare, NewestStamps, lasts_until, pause_before
from qsignhub.ceremonies.journal import Signing, there
from qsignhub.ceremonies.late_status import LateStatuses
from qsignhub.ceremonies.routing import TrustServices
from qsignhub.ceremonies.signature import Checkpoint
from qsignhub.ceremonies.workplace import Workplace, format_of, published
from qsignhub.documents.errors import RetentionOver
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Refused
from qsignhub.foundation.jobs import Jobs
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signature_requests.service import SignatureRequests
from qsignhub.signing.format import PreparedArchive
from qsignhub.signing.validation_data import ValidationData, joined
from qsignhub.timestamping.kept import read_kept_token
from qsignhub.timestamping.model import TimestampToken

NOT_LONGER: Final = "ARCHIVE_TIMESTAMP_NOT_LONGER"
"""How an extension ended that gained nothing: the timestamp authority has no newer certificate yet."""
logger = logging.getLogger(__name__)


class Sealing:
    """No signer's key is touched here: every step may be repeated as a whole."""

    def __init__(
        self,
        requests: SignatureRequests,
        trust: TrustServices,
        workplace: Workplace,
        late: LateStatuses,
        care: ArchiveCare,
        jobs: Jobs,
        clock: Clock,
        checkpoint: Checkpoint,
    ) -> None:
        self._requests = requests
        self._trust = trust
        self._workplace = workplace
        self._late = late
        self._care = care
        self._newest = NewestStamps()
        self._jobs = jobs
        self._clock = clock
        self._checkpoint = checkpoint

    async def step(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        name = {
            ("seal", True): "seal",
            ("seal", False): "complete",
            ("extension", True): "extend",
            ("extension", False): "publish extension",
        }[signing.kind, signing.step == "authorised"]
        self._checkpoint(f"before {name}")
        if name == "seal":
            await self._seal(tx, request, signing)
        elif name == "complete":
            await self._complete(tx, request, signing)
        else:
            await self._extension(tx, request, signing)
        self._checkpoint(f"after {name}")

    async def _seal(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """Adds the status that is still wanted, and that of the last timestamp; then what covers it all."""
        late = await self._late.gather(tx, request)
        if late.refused:
            await self._refused(tx, request, signing, late.refused)
            return
        if late.waits_until is not None:
            await journal.wait(tx, signing, late.waits_until)
            return
        stamps = await archive_journal.last_stamps(tx, request)
        await self._stamp(tx, request, signing, stamps, late.data)

    async def _refused(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signing: Signing,
        refused: Sequence[tuple[Signing, Refused]],
    ) -> None:
        """Published at B-T, and by a newer status no signature, or none will ever tell: the request is not
        completed with it.
        """
        for one, refusal in refused:
            signer = request.signer(there(one.signer_id))
            await self._requests.signer_moved(
                tx, request, signer, "found_revoked", (refusal.code, refusal.message)
            )
            await journal.found_revoked(tx, one, refusal.code)
        await journal.finish(tx, signing, self._clock.now(), refused[0][1].code)
        # it has a deadline again: not everybody has signed
        await look_at_deadline(self._jobs, tx, request.scope, request.id)

    async def _stamp(
        self,
        tx: Transaction,
        request: SignatureRequest,
        signing: Signing,
        stamps: Stamps,
        late: Sequence[ValidationData] = (),
    ) -> bool:
        """Archive timestamps over the latest revision, in a revision of its own.

        False, nothing kept: those of an extension would not outlast what they cover.
        """
        trust = self._trust.named(request.scope.mode, signing.trust_service)
        covered = [read_kept_token(token) for token in stamps.tokens]
        source = await self._workplace.source(tx, request)
        form = format_of(request)
        async with self._workplace.files_of(source) as (document, latest, target):

            async def stamped(data: ValidationData) -> tuple[PreparedArchive, list[TimestampToken]]:
                prepared = await asyncio.to_thread(
                    form.prepare_archive,
                    document,
                    there(latest),
                    target,
                    name=f"Timestamp-{signing.id}",
                    data=data,
                )
                with status_data.waiting_for_better():
                    return prepared, [await trust.timestamps.timestamp(one) for one in prepared.imprints]

            data = joined([*late, await status_data.of_timestamps(trust, covered)])
            prepared, tokens = await stamped(data)
            self._newest.saw(request.scope.mode, trust, tokens, self._clock.now())
            if signing.kind == "extension" and lasts_until(trust, tokens) <= lasts_until(trust, covered):
                return False
            known = {token.certificate for token in covered}
            if not known.issuperset(token.certificate for token in tokens):
                # by another authority, or with its next certificate: whose status has to be covered too
                data = joined([data, await status_data.of_timestamps(trust, tokens)])
                prepared, tokens = await stamped(data)
            await asyncio.to_thread(form.complete_archive, target, prepared, [token.der for token in tokens])
            stored = await self._workplace.store(request, signing, "sealed", target)
        await journal.record(
            tx,
            signing,
            "embedded",
            {
                "base_revision": source.revision,
                "timestamp_token": tokens[-1].der,
                "archive_tokens": [token.der for token in tokens],
                **stored.as_result(),
            },
        )
        return True

    async def _complete(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        await self._publish(tx, request, signing)
        await self._requests.completed(tx, request)

    async def _publish(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        await self._requests.publish_revision(tx, request, signing.id, published(signing))
        await journal.record(tx, signing, "published", {"finished_at": self._clock.now()})
        stamps = await archive_journal.last_stamps(tx, request)
        await archive_journal.look_again(tx, signing.id, self._care.next_look(request.scope.mode, stamps))

    async def _extension(self, tx: Transaction, request: SignatureRequest, signing: Signing) -> None:
        """Of the file as it is; where retention has ended there is none any more, and this ends too."""
        try:
            await self._requests.signed_document(tx, request)
        except RetentionOver as over:
            await archive_journal.end_extension(tx, signing, self._clock.now(), over.code)
            return
        if signing.step == "embedded":
            await self._publish(tx, request, signing)
            return
        stamps = await archive_journal.last_stamps(tx, request)
        trust = self._trust.named(request.scope.mode, signing.trust_service)
        end = lasts_until(trust, [read_kept_token(token) for token in stamps.tokens])
        now = self._clock.now()
        hopeless = self._newest.end_by(request.scope.mode, trust, end, now)
        if not hopeless and await self._stamp(tx, request, signing, stamps):
            return
        again = now + pause_before(end, now)
        logger.warning(
            "new archive timestamps of %s would not outlast those of %s, which end at %s; tried again at %s",
            trust.name,
            request.id,
            end.isoformat(),
            again.isoformat(),
        )
        await archive_journal.end_extension(tx, signing, now, NOT_LONGER)
        await archive_journal.look_again(tx, stamps.signing_id, again)
