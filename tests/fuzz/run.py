"""Schemathesis against a live service: every operation, in every way the specification allows and forbids.

Examples, the edges of each constraint, random bodies, and sequences along the specification's links. What
counts as wrong: a 5xx, a status, header or body that is not specified, invalid input that is accepted,
a missing key that goes unnoticed, something deleted that is still there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.live import LiveService

ROOT = Path(__file__).parents[2]
_LEFT_OUT = (
    "positive_data_acceptance",  # whether a document can be read is beyond any schema
    "object_level_authorization",  # the journeys' part: two accounts, one looks for the other's things
)

_PATIENCE_SECONDS = 60
"""For one answer: a machine may be busy with much else."""


@dataclass(frozen=True)
class Outcome:
    returncode: int
    cases: int
    output: str


def fuzz(service: LiveService, *options: str) -> Outcome:
    """Everything in one run; ``options`` are those of ``st run``. Prints nothing itself."""
    key = service.command("keys", "create", "--mode", "test", "--account", "fuzz", "--tier", "enterprise")
    command: Sequence[str] = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.base_url}/v1/openapi.json"),
        *("--header", f"X-API-Key: {key}", "--checks", "all", "--exclude-checks", ",".join(_LEFT_OUT)),
        *("--request-timeout", str(_PATIENCE_SECONDS), "--continue-on-failure", "--no-color", *options),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }
    done = subprocess.run(
        command,
        cwd=service.data_dir,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    counted = re.search(r"^\s*([\d,]+) generated", done.stdout, re.MULTILINE)
    return Outcome(done.returncode, int(counted[1].replace(",", "")) if counted else 0, done.stdout)
