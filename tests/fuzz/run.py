"""Schemathesis against a live service: every operation, in every way the specification allows and forbids.

Examples, the edges of each constraint, random bodies, and sequences along the specification's links, in an
account where there is something of every kind (``world``). What counts as wrong: a 5xx, a status, header or
body that is not specified, invalid input that is accepted, valid input that is not understood, a missing key
that goes unnoticed, something deleted that is still there, something made that is not. All checks are on but
``object_level_authorization``; ``schemathesis.toml`` says why, and which statuses a check allows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import world
from tests.support.live import LiveService

ROOT = Path(__file__).parents[2]
TALLY = "tally.json"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True)
class Outcome:
    returncode: int
    cases: int
    output: str
    answers: Mapping[str, Mapping[str, int]]
    """How often each status, with the error's code, was answered, by operation."""

    def table(self) -> str:
        lines = []
        for label, statuses in sorted(self.answers.items()):
            counted = "  ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
            lines.append(f"{sum(statuses.values()):>7,}  {label}  {counted}")
        return "\n".join(lines)


def fuzz(service: LiveService, *options: str) -> Outcome:
    """Everything in one run; ``options`` are those of ``st run``. Prints nothing itself."""
    folder = service.data_dir / "fuzz"
    folder.mkdir()
    there = world.build(service)
    there.write(folder)
    shutil.copy(CONFIGURATION, folder)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.base_url}/v1/openapi.json"),
            *("--no-color", *options),
        ],
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            "FUZZ_API_KEY": there.api_key,
            "FUZZ_CLOCK_KEY": there.clock_key,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    counted = re.search(r"^\s*([\d,]+) generated", done.stdout, re.MULTILINE)
    tally = folder / TALLY
    answers = json.loads(tally.read_text()) if tally.exists() else {}
    cases = int(counted[1].replace(",", "")) if counted else 0
    return Outcome(done.returncode, cases, done.stdout, answers)
