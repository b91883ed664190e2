"""``python -m tests.fuzz [MINUTES] [SEED]``: ten minutes, if not said otherwise; ends with how many cases."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.conftest import free_port
from tests.fuzz.run import fuzz
from tests.support.live import running


def main(minutes: float = 10, seed: str | None = None) -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), free_port(), options=["--workers", "1"]) as service,
    ):
        options = ["--max-time", str(round(minutes * 60)), *(("--seed", seed) if seed else ())]
        outcome = fuzz(service, *options)
    print(outcome.output)  # noqa: T201
    print(outcome.table())  # noqa: T201
    print(f"fuzz: {outcome.cases} cases, {'nothing wrong' if outcome.returncode == 0 else 'FAILED'}")  # noqa: T201
    return outcome.returncode


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]) if given else 10, given[1] if len(given) > 1 else None))
