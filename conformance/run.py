"""A run: documents and trust services, signatures, a byte changed in a copy of each, and then the judges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from conformance import documents, dss, other_tools, signing, tampering, world
from conformance.findings import Finding
from conformance.matrix import Chooser, Combination
from conformance.outcome import Outcome, Row, TamperedRow
from conformance.programs import versions
from conformance.signing import Output
from conformance.tampering import Place


class Progress(Protocol):
    def __call__(self, stage: str, done: int, total: int) -> None: ...


async def run(
    ways: Sequence[tuple[str, str]], choose: Chooser, folder: Path, progress: Progress, judges: int
) -> Outcome:
    """Works in ``folder``, which is empty; ``judges`` processes run the tools beside DSS."""
    begun = time.monotonic()
    files = folder / "files"
    files.mkdir(parents=True)
    making = asyncio.create_task(asyncio.to_thread(documents.made_in, folder / "documents"))
    async with world.opened(folder / "world") as trust:
        trust.write_pem(folder)
        progress("documents", 0, 1)
        found = await making
        progress("documents", 1, 1)
        combinations = choose(ways, found.documents)
        rows = [await _signed(trust, one, files, progress, len(combinations)) for one in combinations]
        changed = [_tampered(row.output, files) for row in rows if row.output]
        outputs = [row.output for row in rows if row.output]
        copies = [output for _, output in changed if output]
        findings = await _judged([*outputs, *copies], files, folder, progress, judges)
        verdicts = {
            output.file: dss.verdict_on(output, folder / "verdicts") for output in [*outputs, *copies]
        }
    return Outcome(
        rows=[
            replace(row, verdict=verdicts[row.output.file], tools=findings[row.output.file])
            if row.output
            else row
            for row in rows
        ],
        tampered=[
            replace(row, verdict=verdicts[output.file], tools=findings[output.file]) if output else row
            for row, output in changed
        ],
        documents=found.documents,
        missing=found.missing,
        versions=versions(),
        seconds=time.monotonic() - begun,
    )


async def _signed(
    trust: world.World, combination: Combination, files: Path, progress: Progress, total: int
) -> Row:
    try:
        output = await signing.signed(trust, combination, files)
    except Exception as failure:  # noqa: BLE001  # it goes into the report, and fails the run
        return Row(combination, None, problem=f"not signed: {type(failure).__name__}: {failure}")
    finally:
        progress("signed", combination.number, total)
    return Row(combination, output, sha256=output.sha256)


def _tampered(output: Output, files: Path) -> tuple[TamperedRow, Output | None]:
    """By turns in the content and in a signature value."""
    place: Place = "content" if output.combination.number % 2 else "signature value"
    row = TamperedRow(output.combination, place)
    try:
        return row, tampering.tampered(output, files, place).output
    except tampering.NowhereToTamper as nowhere:
        return replace(row, problem=str(nowhere)), None


async def _judged(
    outputs: Sequence[Output], files: Path, folder: Path, progress: Progress, judges: int
) -> dict[Path, tuple[Finding, ...]]:
    """By DSS and by the other tools at the same time; the trust services answer meanwhile."""
    total = len(outputs)
    out = folder / "verdicts"
    out.mkdir()
    loop = asyncio.get_running_loop()
    # first those that are judged as of now: certificates of some signers end after a quarter of an hour
    in_order = sorted(outputs, key=lambda output: output.combination.format != "pades")
    pool = ProcessPoolExecutor(judges, mp_context=get_context("spawn"))
    found = {}
    try:
        async with asyncio.TaskGroup() as group:
            heard = partial(progress, "judged by DSS", total=total)
            group.create_task(dss.judge(files, folder / "root.pem", out, heard))
            tasks = [loop.run_in_executor(pool, other_tools.judged, output, folder) for output in in_order]
            for number, (output, task) in enumerate(zip(in_order, tasks, strict=True), 1):
                found[output.file] = tuple(await task)
                progress("judged by other tools", number, total)
    finally:
        pool.shutdown(cancel_futures=True)
    return found
