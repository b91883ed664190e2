"""Hostile documents are read in processes that can be lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qsignhub.documents.errors import (
    DocumentAmbiguous,
    DocumentEncrypted,
    DocumentUnreadable,
    InspectorUnavailable,
    PageNotFound,
)
from qsignhub.documents.inspector import Inspector, WorkFailed
from tests import pdfs
from tests.documents import pool_tasks


@pytest.fixture
async def inspector() -> AsyncIterator[Inspector]:
    pool = Inspector(workers=2)
    yield pool
    await pool.close()


async def _until_gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while Path(f"/proc/{pid}").exists() and " Z " not in _stat(pid):
            await asyncio.sleep(0.02)


def _stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return " Z "


async def _text_of(path: Path) -> str:
    async with asyncio.timeout(30):
        while not (path.exists() and path.read_text()):
            await asyncio.sleep(0.02)
    return path.read_text()


async def test_documents_are_inspected_and_rendered(inspector: Inspector, tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_bytes(pdfs.pages_pdf(3))
    await inspector.warm()
    inspection = await inspector.inspect(path)
    assert inspection.pages == 3
    assert (inspection.preview_png or b"").startswith(b"\x89PNG")
    assert (await inspector.render_page(path, 2, 200)).startswith(b"\x89PNG")
    with pytest.raises(PageNotFound):
        await inspector.render_page(path, 3, 200)
    path.write_bytes(pdfs.encrypted_pdf())
    with pytest.raises(DocumentEncrypted) as caught:
        await inspector.inspect(path)
    assert caught.value.field == "file"


async def test_work_runs_elsewhere_and_many_at_once(inspector: Inspector) -> None:
    sums = await asyncio.gather(*(inspector.run(pool_tasks.add, number, 1) for number in range(50)))
    assert sums == list(range(1, 51))
    assert await inspector.run(os.getpid) != os.getpid()


async def test_errors_of_ours_come_through_unchanged(inspector: Inspector) -> None:
    with pytest.raises(DocumentAmbiguous) as caught:
        await inspector.run(pool_tasks.refuse)
    assert (caught.value.message, caught.value.field) == ("Two things at once.", "file")


async def test_other_errors_are_bugs_and_keep_their_traceback(inspector: Inspector) -> None:
    with pytest.raises(WorkFailed, match=r"ZeroDivisionError$"):
        await inspector.run(pool_tasks.fail)
    with pytest.raises(WorkFailed, match=r"Unpicklable$"):
        await inspector.run(pool_tasks.fail_awkwardly)
    with pytest.raises(WorkFailed, match="pickle"):
        await inspector.run(pool_tasks.return_awkwardly)
    assert await inspector.run(pool_tasks.add, 1, 1) == 2


async def test_case_20_a_task_that_never_ends_is_killed(inspector: Inspector, tmp_path: Path) -> None:
    await inspector.warm()
    with pytest.raises(DocumentUnreadable, match="took too long"):
        await inspector.run(pool_tasks.loop_for_ever, tmp_path / "pid", timeout=0.5)
    await _until_gone(int(await _text_of(tmp_path / "pid")))
    assert await inspector.run(pool_tasks.add, 1, 1) == 2


async def test_a_crash_is_the_document_s_fault_alone(inspector: Inspector) -> None:
    outcomes = await asyncio.gather(
        inspector.run(pool_tasks.crash),
        inspector.run(pool_tasks.add, 1, 1),
        inspector.run(pool_tasks.add, 2, 2),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], DocumentUnreadable)
    assert list(outcomes[1:]) == [2, 4]


async def test_memory_is_bounded(inspector: Inspector) -> None:
    with pytest.raises(DocumentUnreadable, match="memory"):
        await inspector.run(pool_tasks.take_all_memory)
    memory, core, cpu = await inspector.run(pool_tasks.limits)
    assert memory == 1536 * 1024 * 1024
    assert core == 0
    assert 20 <= cpu <= 60


async def test_workers_killed_while_idle_are_replaced(inspector: Inspector) -> None:
    for _ in range(3):
        victim = await inspector.run(os.getpid)
        os.kill(victim, signal.SIGKILL)
        await _until_gone(victim)
        assert await inspector.run(pool_tasks.add, 1, 1) == 2


async def test_cancelling_the_caller_kills_the_work(inspector: Inspector, tmp_path: Path) -> None:
    await inspector.warm()
    work = asyncio.create_task(inspector.run(pool_tasks.loop_for_ever, tmp_path / "pid", timeout=300))
    pid = int(await _text_of(tmp_path / "pid"))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await _until_gone(pid)


async def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    inspector = Inspector(workers=1)
    running = asyncio.create_task(inspector.run(pool_tasks.loop_for_ever, tmp_path / "pid", timeout=300))
    waiting = asyncio.create_task(inspector.run(pool_tasks.add, 1, 1))
    pid = int(await _text_of(tmp_path / "pid"))
    await inspector.close()
    for task in (running, waiting):
        with pytest.raises(InspectorUnavailable):
            await task
    await _until_gone(pid)
    with pytest.raises(InspectorUnavailable):
        await inspector.run(pool_tasks.add, 1, 1)


async def test_workers_are_recycled() -> None:
    inspector = Inspector(workers=1, max_tasks=2)
    try:
        assert len({await inspector.run(os.getpid) for _ in range(6)}) == 3
    finally:
        await inspector.close()


_PARENT = """
import asyncio, sys
from pathlib import Path
from qsignhub.documents.inspector import Inspector
from tests.documents import pool_tasks

if __name__ == "__main__":
    asyncio.run(Inspector(workers=1).run(pool_tasks.loop_for_ever, Path(sys.argv[1]), timeout=300))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path / "pid")], env=environment) as parent:
        try:
            worker = int(await _text_of(tmp_path / "pid"))
        finally:
            parent.kill()
    await _until_gone(worker)
