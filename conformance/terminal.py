"""A run on the terminal: its stages as they go on, then the matrix as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.matrix import ALGORITHMS, LEVELS
from conformance.outcome import Outcome, Row

_FEW = 12


class Stages:
    """A bar for each stage of a run."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.bars = Progress(*columns, console=console)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self.bars.add_task(stage, total=total)
        self.bars.update(self._tasks[stage], completed=done, total=total)


def show(outcome: Outcome, console: Console, folder: Path) -> None:
    console.print(_matrix(outcome.rows))
    passed = sum(row.total_passed for row in outcome.rows)
    rejected = len(outcome.tampered) - len(outcome.passed_though_tampered)
    console.print(f"{passed} of {len(outcome.rows)} TOTAL-PASSED at the level we claim")
    console.print(f"{rejected} of {len(outcome.tampered)} with one byte changed passed by nobody")
    for failure in outcome.failures[:_FEW]:
        said = "; ".join(map(str, failure["errors"]))
        console.print(f"  {failure['file']}: {failure['indication'] or ''} {said}", style="red", markup=False)
    for text in outcome.unexplained:
        console.print(
            f"  {outcome.warnings[text]} outputs, unexplained warning: {text}", style="red", markup=False
        )
    for row, finding in outcome.refused_by_tools[:_FEW]:
        console.print(f"  {row.combination.name}: {finding.tool}: {finding.said}", style="red", markup=False)
    for changed in outcome.passed_though_tampered[:_FEW]:
        by = ", ".join(changed.passed_by) or changed.problem
        console.print(
            f"  {changed.combination.name}, {changed.place} changed: {by}", style="red", markup=False
        )
    for tool, said in sorted(_unable(outcome)):
        console.print(f"  {tool} cannot judge some: {said}", style="yellow", markup=False)
    for missing in outcome.missing:
        console.print(f"  not made here: {missing}", style="yellow", markup=False)
    console.print(f"{outcome.seconds:.0f} s; {folder / 'report.md'}")


def _unable(outcome: Outcome) -> set[tuple[str, str]]:
    return {(one.tool, one.said) for row in outcome.rows for one in row.tools if one.outcome == "cannot"}


def _matrix(rows: Sequence[Row]) -> Table:
    """A point for each output: by format and level, and by algorithm."""
    table = Table(box=None, padding=(0, 2))
    table.add_column("")
    for algorithm in ALGORITHMS:
        table.add_column(algorithm)
    ways = dict.fromkeys((row.combination.format, row.combination.packaging) for row in rows)
    for way in ways:
        for level in LEVELS:
            cells = [
                _points(
                    row
                    for row in rows
                    if (row.combination.format, row.combination.packaging) == way
                    and (row.combination.level, row.combination.algorithm) == (level, algorithm)
                )
                for algorithm in ALGORITHMS
            ]
            table.add_row(f"{way[0]} {way[1]} {level}", *cells)
    return table


def _points(rows: Iterable[Row]) -> Text:
    points = Text()
    for row in rows:
        points.append("●" if row.total_passed else "○", style="green" if row.total_passed else "bold red")
    return points
