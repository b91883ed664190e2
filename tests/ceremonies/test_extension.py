"""B-LTA over time: years pass, the timestamp authority's certificate ends, and the file still proves itself.

The authority begins 1830 days ago, so its first time-stamping unit (1825 days) is over by now: what the judge
finds today is what it would find in five years.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from qsignhub.bootstrap import Overrides, Services, archive_care, open_services
from qsignhub.bootstrap.archive_care import look
from qsignhub.ceremonies import extension
from qsignhub.ceremonies.sealing import NOT_LONGER
from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.database import Transaction, fetch_all, fetch_one
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.signing.archive_life import holds_until
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.model import TimestampToken
from qsignhub.validation import TrustAnchor, validate_pdf
from tests.ceremonies.judge import judged, verdicts
from tests.ceremonies.test_faults import consented, current, payload_of, run_cycle

DAY = timedelta(days=1)
NOW = SystemClock().now()
BEGINNING = NOW - 1830 * DAY
END_OF_UNIT = BEGINNING + 1825 * DAY
SIGNED = END_OF_UNIT - 125 * DAY
"""The unit that stamps is renewed only in its last 90 days."""
DUE = END_OF_UNIT - 50 * DAY


class Killed(BaseException):
    """As if the process had died there: the transaction is gone."""


class Timeline:
    def __init__(self, settings: Settings, conninfo: str) -> None:
        self._settings = settings
        self._conninfo = conninfo
        self.killed_at: str | None = None

    @asynccontextmanager
    async def at(self, moment: datetime) -> AsyncIterator[Services]:
        """The service, started at that moment; it stands still."""

        def checkpoint(name: str) -> None:
            if name == self.killed_at:
                self.killed_at = None
                raise Killed

        overrides = Overrides(clock=SettableClock(moment), checkpoint=checkpoint)
        async with open_services(self._settings, self._conninfo, overrides) as services:
            yield services


@pytest.fixture
def timeline(settings: Settings, conninfo: str) -> Timeline:
    return Timeline(settings, conninfo)


@pytest.fixture
async def signed(timeline: Timeline) -> SignatureRequest:
    """Completed 125 days before the end of the unit that made its timestamps."""
    async with timeline.at(BEGINNING):
        pass
    async with timeline.at(SIGNED) as services:
        request = await consented(services)
        await run_cycle(services, request)
        return await current(services, request)


async def extend(services: Services, request: SignatureRequest) -> int:
    """One look at what is due, and its jobs; how many extensions were begun."""
    await look(services.database, services.archive_care)
    async with services.database.transaction() as tx:
        jobs = await fetch_all(tx, "DELETE FROM pgqueuer WHERE entrypoint = 'ceremonies.extend' RETURNING id")
    for _ in jobs:
        await run_job(services, request)
    return len(jobs)


async def run_job(services: Services, request: SignatureRequest) -> None:
    again: bool | None = True
    while again:
        async with services.database.transaction() as tx:
            again = await services.job_handlers["ceremonies.extend"].run(tx, payload_of(request))


async def content(services: Services, request: SignatureRequest) -> bytes:
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, request)
    return await services.blobs.read(revision.blob_key)


async def revisions(services: Services) -> int:
    async with services.database.transaction() as tx:
        row = await fetch_one(tx, "SELECT count(*) AS total FROM revisions")
    assert row is not None
    return int(row["total"])


async def extensions(services: Services) -> list[tuple[str, str | None]]:
    async with services.database.transaction() as tx:
        rows = await fetch_all(
            tx, "SELECT step, refusal_code FROM signings WHERE kind = 'extension' ORDER BY begun_at, id"
        )
    return [(row["step"], row["refusal_code"]) for row in rows]


async def next_look(services: Services) -> datetime | None:
    async with services.database.transaction() as tx:
        rows = await fetch_all(tx, "SELECT archive_check_at FROM signings WHERE archive_check_at IS NOT NULL")
    assert len(rows) <= 1
    return rows[0]["archive_check_at"] if rows else None


async def test_a_file_outlives_the_certificate_of_its_timestamp(
    timeline: Timeline, signed: SignatureRequest, tmp_path: Path
) -> None:
    async with timeline.at(SIGNED + DAY) as services:
        assert await extend(services, signed) == 0
        before = await content(services, signed)
    async with timeline.at(DUE) as services:
        async with services.database.transaction() as tx:
            events = await fetch_all(tx, "SELECT id FROM events")
        assert await extend(services, signed) == 1
        after = await content(services, signed)
        assert after.startswith(before)  # nothing that was there is touched
        assert await extend(services, signed) == 0
        assert await extensions(services) == [("published", None)]
        async with services.database.transaction() as tx:
            assert await fetch_all(tx, "SELECT id FROM events") == events  # nobody is told: nothing changed
        assert (await current(services, signed)) == signed
        root = services.authority.root

    report = await validate_pdf(io.BytesIO(after), anchors=[TrustAnchor(root, "sandbox")], now=NOW)
    assert report.valid, report.reasons
    judged(tmp_path, after, root, "PAdES-BASELINE-LTA")
    [unextended] = verdicts(tmp_path, before, root)
    assert unextended["indication"] != "TOTAL_PASSED"


async def test_the_history_tells_it(timeline: Timeline, signed: SignatureRequest) -> None:
    async with timeline.at(DUE) as services:
        await extend(services, signed)
        async with services.database.transaction() as tx:
            dossier = await services.dossiers.gather(tx, signed)
            revision = await services.signature_requests.signed_document(tx, signed)
    entries = [(entry.what, entry.moment) for entry in dossier.history.entries]
    assert entries[-2:] == [
        ("Timestamped the whole document again", DUE.replace(microsecond=entries[-2][1].microsecond)),
        ("Extended the proof, before the earlier timestamp ended", DUE),
    ]
    assert dossier.history.signed is not None
    assert dossier.history.signed.sha256 == revision.sha256
    assert dossier.history.seal is not None
    assert dossier.history.seal.value < SIGNED + DAY  # the seal is still the first one


async def test_every_file_is_looked_at_within_a_month(timeline: Timeline, signed: SignatureRequest) -> None:
    """A weaker algorithm may become known any day."""
    async with timeline.at(SIGNED + DAY) as services:
        assert await next_look(services) == SIGNED + 30 * DAY
    async with timeline.at(SIGNED + 31 * DAY) as services:
        assert await extend(services, signed) == 0
        assert await next_look(services) == SIGNED + 61 * DAY


async def test_what_was_sealed_before_there_was_this_record_is_looked_at_once(
    timeline: Timeline, signed: SignatureRequest
) -> None:
    async with timeline.at(SIGNED + DAY) as services:
        async with services.database.transaction() as tx:
            await tx.execute(
                "UPDATE signings SET archive_tokens = ARRAY[timestamp_token], archive_check_at = finished_at "
                "WHERE kind = 'seal'"
            )
        assert await extend(services, signed) == 0
        assert await next_look(services) == SIGNED + 31 * DAY


async def test_an_algorithm_that_ends_is_a_reason_too(
    timeline: Timeline, signed: SignatureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qsignhub.foundation import algorithm_ends  # noqa: PLC0415

    soon = SIGNED + 70 * DAY
    monkeypatch.setitem(algorithm_ends._HASH_ENDS, "sha256", soon)
    async with timeline.at(SIGNED + 31 * DAY) as services:  # less than 60 days before
        assert await extend(services, signed) == 1
        # there is no authority yet that uses another: what would gain nothing is not published
        assert await extensions(services) == [("authorised", NOT_LONGER)]
        assert await revisions(services) == 2
        # it is not asked every day: each time costs a token
        assert await next_look(services) == SIGNED + 38 * DAY


async def test_a_unit_that_is_not_renewed_yet_is_asked_again_a_week_later(
    settings: Settings, conninfo: str, signed: SignatureRequest
) -> None:
    timeline = Timeline(settings.model_copy(update={"archive_margin_days": 110}), conninfo)
    early = END_OF_UNIT - 91 * DAY
    async with timeline.at(early) as services:
        assert await extend(services, signed) == 1
        assert await extensions(services) == [("authorised", NOT_LONGER)]
        assert await extend(services, signed) == 0
    async with timeline.at(early + 6 * DAY) as services:
        assert await extend(services, signed) == 0
    async with timeline.at(early + 7 * DAY) as services:
        assert await extend(services, signed) == 1
        assert await extensions(services) == [("authorised", NOT_LONGER), ("published", None)]
        assert await revisions(services) == 3


@pytest.mark.parametrize(
    "point", [f"{when} {step}" for step in ("extend", "publish extension") for when in ("before", "after")]
)
async def test_case_45_killed_anywhere_there_is_exactly_one_extension(
    timeline: Timeline, signed: SignatureRequest, point: str
) -> None:
    timeline.killed_at = point
    async with timeline.at(DUE) as services:
        with pytest.raises(Killed):
            await extend(services, signed)
    async with timeline.at(DUE) as services:
        await look(services.database, services.archive_care)
        await asyncio.gather(*(run_job(services, signed) for _ in range(3)))
        assert await extensions(services) == [("published", None)]
        assert await revisions(services) == 3
        report = await validate_pdf(
            io.BytesIO(await content(services, signed)),
            anchors=[TrustAnchor(services.authority.root, "sandbox")],
            now=NOW,
        )
    assert report.valid, report.reasons


async def test_several_processes_look_and_one_of_them_begins(
    timeline: Timeline, signed: SignatureRequest
) -> None:
    async with timeline.at(DUE) as services:
        await asyncio.gather(*(look(services.database, services.archive_care) for _ in range(4)))
        assert await extensions(services) == [("authorised", None)]
        await run_job(services, signed)
        assert await extensions(services) == [("published", None)]


@pytest.mark.parametrize("between", [False, True])
async def test_retention_ends_it(timeline: Timeline, signed: SignatureRequest, between: bool) -> None:
    """Before it is begun, or between its two steps."""
    async with timeline.at(DUE + 30 * DAY) as services:
        await look(services.database, services.archive_care)
        if between:
            async with services.database.transaction() as tx:
                await services.job_handlers["ceremonies.extend"].run(tx, payload_of(signed))
        document = {**payload_of(signed), "document_id": signed.document_id}
        async with services.database.transaction() as tx:
            await services.job_handlers["documents.retention"].run(tx, document)
        await run_job(services, signed)
        step = "embedded" if between else "authorised"
        assert await extensions(services) == [(step, "DOCUMENT_RETENTION_OVER")]
        assert await next_look(services) is None
        assert await revisions(services) == 2


async def two_signed(services: Services) -> list[SignatureRequest]:
    made = []
    for _ in range(2):
        request = await consented(services)
        await run_cycle(services, request)
        made.append(request)
    return made


async def test_a_file_that_cannot_be_looked_after_takes_nothing_from_the_others(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the operator has replaced its timestamp authority's root in the file of trust services."""
    async with timeline.at(BEGINNING):
        pass
    async with timeline.at(SIGNED) as services:
        lost, _ = await two_signed(services)
    real = holds_until
    async with timeline.at(DUE) as services:
        async with services.database.transaction() as tx:
            [stamps] = await fetch_all(
                tx,
                "SELECT timestamp_token FROM signings WHERE kind = 'seal' AND request_id = %s",
                (lost.id,),
            )

        def holds(token: TimestampToken, anchors: Sequence[bytes]) -> datetime:
            return real(token, () if token.der == bytes(stamps["timestamp_token"]) else anchors)

        monkeypatch.setattr(extension, "holds_until", holds)
        await look(services.database, services.archive_care)
        assert await extensions(services) == [("authorised", None)]
        assert lost.id in caplog.text
        async with services.database.transaction() as tx:
            [row] = await fetch_all(
                tx,
                "SELECT archive_check_at FROM signings WHERE request_id = %s AND kind = 'seal'",
                (lost.id,),
            )
        assert row["archive_check_at"] == DUE + DAY


async def test_the_sweep_outlives_every_failure(
    timeline: Timeline, signed: SignatureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with timeline.at(DUE) as services:
        failures = [psycopg.OperationalError("gone"), ValueError("a defect")]
        begun = asyncio.Event()

        async def begin_due(_tx: Transaction) -> bool:
            if failures:
                raise failures.pop()
            begun.set()
            return False

        monkeypatch.setattr(services.archive_care, "begin_due", begin_due)
        monkeypatch.setattr(archive_care, "_EVERY", timedelta(milliseconds=10))
        sweep = asyncio.create_task(archive_care.look_after(services.database, services.archive_care))
        await asyncio.wait_for(begun.wait(), 5)
        assert not sweep.done()
        sweep.cancel()


async def test_an_authority_that_has_nothing_longer_is_asked_once_for_all_files(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0
    real = InProcessTimestampAuthority.timestamp

    async def counted(
        self: InProcessTimestampAuthority, imprint: bytes, hash_algorithm: str = "sha256"
    ) -> TimestampToken:
        nonlocal asked
        asked += 1
        return await real(self, imprint, hash_algorithm)

    async with timeline.at(BEGINNING):
        pass
    async with timeline.at(SIGNED) as services:
        requests = await two_signed(services)
    monkeypatch.setattr(InProcessTimestampAuthority, "timestamp", counted)
    monkeypatch.setattr(extension, "holds_until", lambda token, anchors: SIGNED + 30 * DAY)
    async with timeline.at(SIGNED + 40 * DAY) as services:
        await look(services.database, services.archive_care)
        for request in requests:
            await run_job(services, request)
        assert await extensions(services) == [("authorised", NOT_LONGER)] * 2
        assert all(request.id in caplog.text for request in requests)
    for day in range(41, 47):
        async with timeline.at(SIGNED + day * DAY) as services:
            await look(services.database, services.archive_care)
            assert len(await extensions(services)) == 2
    assert asked == 1


async def test_an_extension_whose_job_was_held_is_taken_up_by_the_sweep(
    timeline: Timeline, signed: SignatureRequest
) -> None:
    async with timeline.at(DUE) as services:
        await look(services.database, services.archive_care)
        async with services.database.transaction() as tx:
            await tx.execute("DELETE FROM pgqueuer WHERE entrypoint = 'ceremonies.extend'")
        assert await extend(services, signed) == 0  # it may still be at work
        assert await extensions(services) == [("authorised", None)]
    async with timeline.at(DUE + DAY) as services:
        async with services.database.transaction() as tx:  # what a process that starts has taken up
            await tx.execute("DELETE FROM pgqueuer")
        assert await extend(services, signed) == 1
        assert await extensions(services) == [("published", None)]
        assert await extend(services, signed) == 0
