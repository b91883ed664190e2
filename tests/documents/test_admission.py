"""Floods and slow senders take nothing from others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from qsignhub.documents.admission import UPLOADS_AT_ONCE, Uploads
from qsignhub.documents.errors import TooManyUploads, UploadMalformed, UploadStalled
from qsignhub.documents.fair_share import FairShare
from qsignhub.documents.inspector import Inspector
from qsignhub.foundation.scope import Scope
from tests.documents import pool_tasks
from tests.documents.test_upload import CONTENT_TYPE, FILE, PDF, form, nothing_left, stream

GREEDY, OTHER = Scope("acc_greedy", "test"), Scope("acc_other", "test")


async def _never() -> AsyncIterator[bytes]:
    yield b"--"
    await asyncio.Event().wait()


async def test_case_70_one_account_s_uploads_are_bounded_and_others_are_served(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)

    def receive(scope: Scope):
        return uploads.receive(scope, stream([form((FILE, PDF))]), CONTENT_TYPE, None)

    async with AsyncExitStack() as stack:
        for _ in range(UPLOADS_AT_ONCE):
            await stack.enter_async_context(receive(GREEDY))
        for scope in (GREEDY, Scope(GREEDY.account_id, "live")):
            with pytest.raises(TooManyUploads) as caught:
                async with receive(scope):
                    pass
            assert (caught.value.code, caught.value.retry_after) == ("RATE_LIMITED", 5)
        async with receive(OTHER) as upload:
            assert upload.size_bytes == len(PDF)
    async with receive(GREEDY) as upload:
        assert upload.size_bytes == len(PDF)
    assert nothing_left(tmp_path)


async def test_an_upload_that_fails_gives_its_place_back(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, at_once=1)
    for _ in range(3):
        with pytest.raises(UploadMalformed):
            async with uploads.receive(GREEDY, stream([b"junk"]), CONTENT_TYPE, None):
                pass
    assert nothing_left(tmp_path)


async def test_case_70_an_upload_that_sends_nothing_is_dropped(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, at_once=1, patience=0.05)
    for _ in range(2):
        with pytest.raises(UploadStalled) as caught:
            async with uploads.receive(GREEDY, _never(), CONTENT_TYPE, None):
                pass
        assert caught.value.code == "UPLOAD_STALLED"
    assert nothing_left(tmp_path)


async def test_case_70_one_account_never_has_all_workers(tmp_path: Path) -> None:
    inspector = Inspector(workers=2)
    greedy = [
        asyncio.create_task(
            inspector.run(pool_tasks.loop_for_ever, tmp_path / f"{number}", timeout=300, holder="greedy")
        )
        for number in range(4)
    ]
    try:
        async with asyncio.timeout(30):
            while not any(tmp_path.iterdir()):
                await asyncio.sleep(0.02)
        async with asyncio.timeout(30):
            assert await inspector.run(pool_tasks.add, 1, 1, holder="other") == 2
        assert len(list(tmp_path.iterdir())) == 1
    finally:
        await inspector.close()
        await asyncio.gather(*greedy, return_exceptions=True)


async def test_turns_are_shared_and_nothing_is_kept_of_who_had_one() -> None:
    share = FairShare(each=1, total=2)
    running: list[str] = []
    go = asyncio.Event()

    async def work(holder: str) -> None:
        async with share.turn(holder):
            running.append(holder)
            await go.wait()
            running.remove(holder)

    tasks = [asyncio.create_task(work(holder)) for holder in ("a", "a", "a", "b", "c")]
    for _ in range(5):
        await asyncio.sleep(0)
    assert sorted(running) == ["a", "b"]
    tasks[1].cancel()
    go.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [asyncio.CancelledError]
    assert share._holders == {}
