"""What a benchmark says: a ratio against a peer, and whether it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """``ratio`` is ours divided by the peer's (or by the named quantity); it may reach ``bound``.

    ``at_least``: of a figure of which more is better ``bound`` is the least.
    """

    name: str
    against: str
    ratio: float
    bound: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound


def write(results: Sequence[Result], path: Path) -> None:
    rows = [asdict(result) | {"holds": result.holds} for result in results]
    path.write_text(json.dumps(rows, indent=2) + "\n")


def show(results: Sequence[Result]) -> None:
    width = max(len(result.name) for result in results)
    for result in results:
        verdict = "holds" if result.holds else "DOES NOT HOLD"
        print(
            f"{result.name:<{width}}  {result.ratio:6.2f} "
            f"(at {'least' if result.at_least else 'most'} {result.bound:g})  {verdict}"
            f"\n{'':<{width}}  against {result.against}"
        )
