"""``python -m conformance``: signs the matrix, has it judged, and writes ``report.json`` and ``report.md``.

Exit code 1 where something does not hold: an output that is not TOTAL-PASSED at the level we claim, a
warning without an explanation, a tool that fails an output, a changed byte that somebody passes.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
from pathlib import Path

from rich.console import Console

from conformance import dss, matrix, report, terminal
from conformance.programs import ProgramFailed, ProgramMissing
from conformance.run import run
from qsignhub.signing.formats import FORMATS

_JUDGES = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__.splitlines()[0])
    parser.add_argument("--slice", action="store_true", help="every level of every format, two outputs each")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the reports go")
    parser.add_argument("--only", metavar="FORMAT[/PACKAGING]", help="this format alone")
    parser.add_argument("--build", action="store_true", help="only compile the judge")
    options = parser.parse_args()
    console = Console(highlight=False)
    ways = [way for way in FORMATS if (options.only or "") in {"", way[0], "/".join(way)}]
    try:
        dss.build()
    except (ProgramMissing, ProgramFailed) as failure:
        console.print(f"Not judged: {failure}", markup=False)
        return 2
    if options.build:
        return 0
    work = options.out / "work"
    shutil.rmtree(work, ignore_errors=True)
    logging.getLogger("pyhanko").setLevel(logging.ERROR)
    stages = terminal.Stages(console)
    with stages.bars:
        choose = matrix.slice_of if options.slice else matrix.full
        outcome = asyncio.run(run(ways, choose, work, stages, _JUDGES))
    report.write(outcome, options.out)
    terminal.show(outcome, console, options.out)
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
