"""kill -9 between any two steps of the signing cycle, then a restart: one signature per signer."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.bootstrap import Services
from qsignhub.ceremonies import journal
from qsignhub.foundation.database import fetch_all
from qsignhub.signature_requests.model import SignatureRequest
from qsignhub.validation import TrustAnchor, validate_pdf
from tests.support.making import SUCCESS, make_request, make_scope

STEPS = ("certify", "prepare", "activate", "sign", "timestamp", "embed", "publish", "seal", "complete")
POINTS = [f"{when} {step}" for step in STEPS for when in ("before", "after")] + ["inside sign"]


@asynccontextmanager
async def worker(services: Services, *point: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashing_worker",
        str(services.settings.data_dir),
        services.database.conninfo,
        *point,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def completed(services: Services, request: SignatureRequest) -> SignatureRequest:
    async with asyncio.timeout(60):
        while True:
            async with services.database.transaction() as tx:
                found = await services.signature_requests.get(tx, request.scope, request.id)
            if found.status == "completed":
                return found
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("point", POINTS)
async def test_case_45_a_killed_worker_leaves_exactly_one_signature_per_signer(
    services: Services, point: str, tmp_path: Path
) -> None:
    request = await make_request(services, await make_scope(services), [SUCCESS, SUCCESS])

    async with worker(services, point) as process:
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    async with worker(services):
        done = await completed(services, request)

    assert [signer.status for signer in done.signers] == ["signed", "signed"]
    async with services.database.transaction() as tx:
        revision = await services.signature_requests.signed_document(tx, done)
        uses = await journal.key_uses(tx, done.scope, done.id)
    signed = await services.blobs.read(revision.blob_key)
    reader = PdfFileReader(io.BytesIO(signed))
    assert len(reader.embedded_regular_signatures) == 2
    assert len(reader.embedded_timestamp_signatures) == 1

    # Custody's own record and the journal agree on every use of every key.
    keys = {key for key, _ in uses}
    async with services.database.autocommit() as connection:
        rows = await fetch_all(connection, "SELECT name FROM register WHERE kind = 'custody.operation-begun'")
    in_custody = [tuple(row["name"].split("/")) for row in rows]
    assert sorted(uses) == sorted(in_custody)
    assert len(keys) == 2
    assert len(uses) == (3 if point == "inside sign" else 2)

    anchor = TrustAnchor(services.authority.root, "sandbox")
    report = await validate_pdf(io.BytesIO(signed), anchors=[anchor], now=services.clock.now())
    assert report.valid, report.reasons
