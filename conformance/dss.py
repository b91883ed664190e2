"""DSS of the European Commission as the judge: its default policy as it is, our root its only anchor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.matrix import Combination
from conformance.programs import ProgramFailed, path_of, tried
from conformance.signing import Output

_ROOM = Path(__file__).parent
_JAR = _ROOM / "target" / "conformance.jar"
_HOSTS = _ROOM / "hosts"
_OURS = "SANDBOX "  # what the names of our signers begin with
_POLL_SECONDS = 0.5
_GOOD = ("PASSED", "TOTAL_PASSED")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What DSS says of our signatures; a foreign one in the document is not ours to answer for."""

    passed: int
    """Signatures that are TOTAL-PASSED."""
    indication: str | None
    sub_indication: str | None
    """Of the first that is not."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    information: tuple[str, ...]


def build() -> None:
    """Compiles the judge where it is missing or old. Raises ProgramMissing, ProgramFailed."""
    path_of("java")
    sources = [_ROOM / "pom.xml", *(_ROOM / "src").rglob("*.java")]
    if _JAR.exists() and all(source.stat().st_mtime <= _JAR.stat().st_mtime for source in sources):
        return
    built, said = tried("mvn", "-q", "-B", "package", folder=_ROOM, patience=1200)
    if not built:
        raise ProgramFailed(f"the judge was not built: {said.strip()[-2000:]}")


def command(main: str, *arguments: str | Path) -> list[str]:
    """To run one of the judge's programs. It asks nobody but us, on loopback."""
    return [
        *("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", f"-Djdk.net.hosts.file={_HOSTS}"),
        *("-cp", f"{_JAR}:{_JAR.parent / 'lib'}/*", f"io.qsignhub.conformance.{main}"),
        *map(str, arguments),
    ]


async def judge(folder: Path, root: Path, out: Path, judged: Callable[[int], None]) -> None:
    """Judges every file of a folder; ``judged`` hears how many are done. Raises ProgramFailed."""
    process = await asyncio.create_subprocess_exec(
        *command("Judge", "--trust", root, "--out", out, folder),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    ending = asyncio.create_task(process.communicate())
    try:
        while not ending.done():
            await asyncio.wait([ending], timeout=_POLL_SECONDS)
            judged(sum(1 for _ in out.glob("*.json")))
    finally:
        if process.returncode is None:
            process.kill()
    _, said = ending.result()
    if process.returncode != 0:
        raise ProgramFailed(f"the judge: {said.decode(errors='replace').strip()[-2000:]}")


def verdict_on(output: Output, out: Path) -> Verdict:
    """What ``judge`` wrote about an output."""
    return verdict_of(output.combination, json.loads((out / f"{output.file.name}.json").read_text()))


def verdict_of(combination: Combination, said: dict[str, Any]) -> Verdict:
    foreign = combination.document.foreign
    signatures = [
        one for one in said["signatures"] if not foreign or (one["signed_by"] or "").startswith(_OURS)
    ]
    timestamps = [stamp for one in signatures for stamp in one["timestamps"]]
    if not foreign:
        timestamps += said.get("timestamps", [])
    errors = [said["failure"]] if "failure" in said else []
    if len(signatures) != combination.signers:
        errors.append(f"{len(signatures)} signatures, {combination.signers} were made")
    seen = {one["format"] for one in signatures if one["format"] != combination.dss_level}
    errors += [f"DSS sees {level}, claimed is {combination.dss_level}" for level in sorted(seen)]
    errors += [f"a timestamp is {one['indication']}" for one in timestamps if one["indication"] not in _GOOD]
    errors += _texts("errors", signatures, timestamps)
    worst = next((one for one in signatures if one["indication"] != "TOTAL_PASSED"), None)
    return Verdict(
        passed=sum(1 for one in signatures if one["indication"] == "TOTAL_PASSED"),
        indication=worst["indication"] if worst else None,
        sub_indication=worst["sub_indication"] if worst else None,
        errors=tuple(dict.fromkeys(errors)),
        warnings=_texts("warnings", signatures, timestamps),
        information=_texts("information", signatures, timestamps),
    )


def _texts(kind: str, *tokens: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in tokens for token in one for text in token[kind]))
