"""The places of a document's pages in PDF user space, kept short: equal neighbours stand as one run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""(x0, y0, x1, y1): lower left and upper right corner, in points."""


@dataclass(frozen=True, slots=True)
class PageBoxes:
    """``runs`` are (how many pages, their box); None for a page that has no usable one."""

    runs: tuple[tuple[int, Box | None], ...] = ()

    @classmethod
    def of_pages(cls, boxes: Iterable[Box | None]) -> PageBoxes:
        return cls(tuple((sum(1 for _ in run), box) for box, run in groupby(boxes)))

    def of(self, page: int) -> Box | None:
        """The box of a page, counted from 1."""
        last = 0
        for count, box in self.runs:
            if last < page <= last + count:
                return box
            last += count
        return None

    def as_json(self) -> list[list[Any]]:
        return [[count, list(box) if box else None] for count, box in self.runs]

    @classmethod
    def from_json(cls, runs: Iterable[Iterable[Any]]) -> PageBoxes:
        return cls(tuple((count, _box(corners)) for count, corners in runs))


NO_BOXES = PageBoxes()


def _box(corners: list[float] | None) -> Box | None:
    if corners is None:
        return None
    x0, y0, x1, y1 = corners
    return (x0, y0, x1, y1)
