"""A document is listed, deleted, and gone after 90 days of its account; what was signed of it too."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from qsignhub.bootstrap import Services
from qsignhub.documents.errors import (
    DocumentGone,
    DocumentInUse,
    DocumentNotFound,
    PageNotFound,
    RetentionOver,
)
from qsignhub.documents.inspection import Inspection
from qsignhub.documents.model import DOCX_TYPE, RETENTION, Document, Hazard
from qsignhub.documents.retention import RETENTION_JOB
from qsignhub.documents.upload import ReceivedUpload
from qsignhub.foundation.database import fetch_all
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner
from tests.ceremonies.test_faults import current, run_cycle
from tests.support.making import SUCCESS, TIMEOUT, make_document, make_request, make_scope


async def run_retention(services: Services, scope: Scope, document_id: str) -> None:
    payload = {"account_id": scope.account_id, "mode": scope.mode, "document_id": document_id}
    async with services.database.transaction() as tx:
        await services.job_handlers[RETENTION_JOB].run(tx, payload)


async def advance(services: Services, scope: Scope, by: timedelta) -> None:
    async with services.database.transaction() as tx:
        await services.account_clock.advance(tx, scope, by)


async def get(services: Services, scope: Scope, document_id: str) -> Document:
    async with services.database.transaction() as tx:
        return await services.documents.get(tx, scope, document_id)


async def listed(services: Services, scope: Scope) -> list[str]:
    async with services.database.transaction() as tx:
        found = await services.documents.page(tx, scope, None, 100)
    return [document.id for document in found]


async def delete(services: Services, scope: Scope, document_id: str) -> None:
    async with services.database.transaction() as tx:
        await services.documents.delete(tx, scope, document_id, services.signature_requests.any_open_on)


async def waiting_jobs(services: Services, document_id: str) -> list[timedelta]:
    """In how long each retention job of the document is due."""
    async with services.database.transaction() as tx:
        rows = await fetch_all(
            tx,
            "SELECT execute_after - now() AS left FROM pgqueuer"
            " WHERE entrypoint = %s AND convert_from(payload, 'utf-8') LIKE %s ORDER BY execute_after",
            (RETENTION_JOB, f"%{document_id}%"),
        )
    return [row["left"] for row in rows]


def files_of(services: Services, word: str) -> list[str]:
    folder = services.settings.data_dir / "blobs"
    return [str(path) for path in folder.rglob("*") if path.is_file() and word in str(path)]


async def signed_request(services: Services, scope: Scope) -> tuple[str, str]:
    """Ids of a completed request and of its document."""
    request = await make_request(services, scope, [TIMEOUT])
    signer = request.signers[0]
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, signer.link_token)
    await run_cycle(services, request)
    assert (await current(services, request)).status == "completed"
    return request.id, request.document_id


async def test_a_record_comes_back_as_it_was_kept(services: Services) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    assert await get(services, scope, document.id) == document
    assert document.page_box(1) == (0, 0, 595, 842)
    assert document.expires_at - document.created_at == RETENTION
    due = await waiting_jobs(services, document.id)
    assert len(due) == 1
    assert RETENTION - timedelta(minutes=5) < due[0] <= RETENTION + timedelta(seconds=1)


async def test_after_ninety_days_the_bytes_go_and_the_record_stays(services: Services) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    other = await make_document(services, scope)
    await advance(services, scope, RETENTION - timedelta(hours=1))
    late = await make_document(services, scope)
    await advance(services, scope, timedelta(hours=2))
    async with services.database.transaction() as tx:
        assert sorted(await services.documents.due(tx, scope)) == sorted([document.id, other.id])
        await services.documents.enqueue_due(tx, scope)
    assert len(await waiting_jobs(services, document.id)) == 2
    assert (await waiting_jobs(services, document.id))[0] <= timedelta(0)
    assert files_of(services, document.id)

    for _ in range(2):  # a job is run at least once
        await run_retention(services, scope, document.id)
    assert files_of(services, document.id) == []
    assert files_of(services, other.id)
    assert await listed(services, scope) == [late.id, other.id]
    with pytest.raises(RetentionOver) as caught:
        await get(services, scope, document.id)
    assert caught.value.code == "DOCUMENT_RETENTION_OVER"
    async with services.database.transaction() as tx:
        rows = await fetch_all(tx, "SELECT sha256, purged_at FROM documents WHERE id = %s", (document.id,))
        assert await services.documents.due(tx, scope) == [other.id]
    assert rows[0]["sha256"] == document.sha256
    assert rows[0]["purged_at"] is not None


async def test_nothing_is_asked_on_a_document_whose_end_has_come(services: Services) -> None:
    """Its bytes are there until the job has run, and no request is made that would be over at once."""
    scope = await make_scope(services)
    document = await make_document(services, scope)
    await advance(services, scope, RETENTION)
    new = NewSignatureRequest(document.id, (NewSigner("Anna", "anna@example.com"),), signature_type="ses")
    for act in (services.ceremonies.open, services.ceremonies.plan):
        async with services.database.transaction() as tx:
            with pytest.raises(RetentionOver):
                await act(tx, scope, new)


async def test_a_job_that_is_early_comes_back(services: Services) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    await advance(services, scope, timedelta(days=30))
    await run_retention(services, scope, document.id)
    assert files_of(services, document.id)
    due = await waiting_jobs(services, document.id)
    assert len(due) == 2
    assert timedelta(days=59) < due[0] < timedelta(days=61)


async def test_what_was_signed_goes_with_the_document(services: Services) -> None:
    scope = await make_scope(services)
    request_id, document_id = await signed_request(services, scope)
    assert files_of(services, request_id)
    await advance(services, scope, RETENTION)
    await run_retention(services, scope, document_id)
    assert files_of(services, request_id) == []
    assert files_of(services, document_id) == []
    async with services.database.transaction() as tx:
        request = await services.signature_requests.get(tx, scope, request_id)
        assert request.status == "completed"
        with pytest.raises(RetentionOver, match="signed document was removed"):
            await services.signature_requests.signed_document(tx, request)


async def test_what_is_being_signed_is_not_taken_away(services: Services) -> None:
    scope = await make_scope(services)
    request = await make_request(services, scope, [TIMEOUT])
    signer = request.signers[0]
    async with services.database.transaction() as tx:
        await services.ceremonies.verify_identity(tx, signer.link_token, "AZE123456")
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, signer.link_token)
    await advance(services, scope, RETENTION)
    await run_retention(services, scope, request.document_id)
    assert files_of(services, request.document_id)
    due = await waiting_jobs(services, request.document_id)
    assert timedelta(minutes=55) < due[0] < timedelta(minutes=61)

    await run_cycle(services, request)
    assert (await current(services, request)).status == "completed"
    await run_retention(services, scope, request.document_id)
    assert files_of(services, request.id) == []


async def test_a_crash_after_the_bytes_went_repeats_harmlessly(services: Services) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    await advance(services, scope, RETENTION)
    payload = {"account_id": scope.account_id, "mode": scope.mode, "document_id": document.id}
    with suppress(ZeroDivisionError):
        async with services.database.transaction() as tx:
            await services.job_handlers[RETENTION_JOB].run(tx, payload)
            raise ZeroDivisionError
    assert (await get(services, scope, document.id)).purged_at is None
    assert files_of(services, document.id) == []
    await run_retention(services, scope, document.id)
    with pytest.raises(RetentionOver):
        await get(services, scope, document.id)


async def test_a_deleted_document_is_gone(services: Services) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    await delete(services, scope, document.id)
    assert files_of(services, document.id) == []
    assert await listed(services, scope) == []
    with pytest.raises(DocumentGone, match="was deleted on") as caught:
        await get(services, scope, document.id)
    assert caught.value.code == "DOCUMENT_GONE"
    with pytest.raises(DocumentGone):
        await delete(services, scope, document.id)
    with pytest.raises(DocumentGone):
        async with services.database.transaction() as tx:
            await services.documents.hold(tx, scope, document.id)


async def test_a_document_in_use_is_not_deleted(services: Services) -> None:
    scope = await make_scope(services)
    request = await make_request(services, scope, [SUCCESS])
    with pytest.raises(DocumentInUse):
        await delete(services, scope, request.document_id)
    assert files_of(services, request.document_id)
    assert (await get(services, scope, request.document_id)).deleted_at is None


async def test_what_was_signed_outlives_a_deleted_document_until_its_time_is_over(services: Services) -> None:
    scope = await make_scope(services)
    request_id, document_id = await signed_request(services, scope)
    await delete(services, scope, document_id)
    async with services.database.transaction() as tx:
        request = await services.signature_requests.get(tx, scope, request_id)
        assert await services.signature_requests.signed_document(tx, request)
    await advance(services, scope, RETENTION)
    await run_retention(services, scope, document_id)
    assert files_of(services, request_id) == []


async def test_a_request_that_is_made_meanwhile_keeps_its_document(services: Services) -> None:
    """Deleting waits for whoever builds on the document, and then sees what was built."""
    scope = await make_scope(services)
    document = await make_document(services, scope)
    async with services.database.transaction() as tx:
        await services.documents.hold(tx, scope, document.id)
        deleting = asyncio.create_task(delete(services, scope, document.id))
        await asyncio.sleep(0.2)
        assert not deleting.done()
        request = await make_request(services, scope, [SUCCESS])  # beside it, on a document of its own
        await tx.execute(
            "UPDATE signature_requests SET document_id = %s WHERE id = %s", (document.id, request.id)
        )
    with pytest.raises(DocumentInUse):
        await deleting


@pytest.mark.parametrize("other", ["account", "mode"])
async def test_case_29_another_account_s_document_is_not_there(services: Services, other: str) -> None:
    scope = await make_scope(services)
    document = await make_document(services, scope)
    stranger = (
        await make_scope(services, "another") if other == "account" else Scope(scope.account_id, "live")
    )
    for attempt in (get, delete):
        with pytest.raises(DocumentNotFound):
            await attempt(services, stranger, document.id)
    assert await listed(services, stranger) == []
    assert await listed(services, scope) == [document.id]


async def test_hazards_and_missing_pages_are_kept(services: Services, tmp_path: Path) -> None:
    scope = await make_scope(services)
    path = tmp_path / "upload"
    path.write_bytes(b"PK")
    hazards = (Hazard("EMBEDDED_OBJECTS", "Something is in it."),)
    inspection = Inspection(DOCX_TYPE, hazards)
    upload = ReceivedUpload({}, path, None, None, 2, "00")
    async with services.database.transaction() as tx:
        document = await services.documents.accept(tx, scope, upload, inspection)
    found = await get(services, scope, document.id)
    assert (found.name, found.hazards, found.pages, found.page_box(1)) == (
        "document.docx",
        hazards,
        None,
        None,
    )
    assert services.documents.shown_as_pdf(found) is None
    with pytest.raises(PageNotFound):
        services.documents.preview(found)
    with pytest.raises(PageNotFound):
        await services.documents.render_page(found, 1, 800)

    pdf = tmp_path / "pages.pdf"
    pdf.write_bytes(b"%PDF")
    async with services.database.transaction() as tx:
        document = await services.documents.accept(
            tx, scope, upload, replace(inspection, pdf=pdf, pages=1, preview_png=b"png")
        )
    found = await get(services, scope, document.id)
    assert await services.blobs.read(services.documents.shown_as_pdf(found) or "") == b"%PDF"
    assert found.shown_sha256 != found.sha256
