"""A signature drawn by hand: strokes of points, as they are sent, and as paths of a PDF.

As text it is ``600.200_12.80-14.78-19.71_40.90-41.95``: width and height of what was drawn on, then the
strokes, each of points ``x.y`` in whole units from the upper left corner. Paths stay sharp at any size, need
no transparency and little room: an image would be none of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

MAX_TEXT = 14_000  # characters; all of them stand for themselves in a form
MAX_POINTS = 1_500
MAX_SIDE = 4_000
_FORM = re.compile(r"\d{1,4}\.\d{1,4}(_\d{1,4}\.\d{1,4}(-\d{1,4}\.\d{1,4})*)+", re.ASCII)
_LEAST_INK = 0.05  # of the width of what was drawn on: less is a slip of the finger

Point: TypeAlias = tuple[float, float]


class DrawingUnreadable(ValueError):
    """What was sent is no drawing of ours, or too much or too little of one."""


@dataclass(frozen=True, slots=True)
class Handwriting:
    """Points from the upper left corner of a ground of ``width`` and ``height``."""

    width: int
    height: int
    strokes: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def parse(cls, text: str) -> Handwriting:
        """Raises DrawingUnreadable."""
        if len(text) > MAX_TEXT or not _FORM.fullmatch(text):
            raise DrawingUnreadable("This is no drawing that can be read.")
        ground, *strokes = text.split("_")
        ((width, height),) = _points(ground)
        drawing = cls(width, height, tuple(tuple(_points(stroke)) for stroke in strokes))
        drawing._check()
        return drawing

    def _check(self) -> None:
        if not (0 < self.width <= MAX_SIDE and 0 < self.height <= MAX_SIDE):
            raise DrawingUnreadable("The drawing's ground has no usable size.")
        if sum(map(len, self.strokes)) > MAX_POINTS:
            raise DrawingUnreadable(f"The drawing has more than {MAX_POINTS} points.")
        left, top, right, bottom = self.bounds
        if right > self.width or bottom > self.height:
            raise DrawingUnreadable("The drawing leaves its ground.")
        if max(right - left, bottom - top) < _LEAST_INK * self.width:
            raise DrawingUnreadable("There is next to nothing on the drawing.")

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the ink."""
        across = [x for stroke in self.strokes for x, _ in stroke]
        down = [y for stroke in self.strokes for _, y in stroke]
        return min(across), min(down), max(across), max(down)

    def paths(self, x: float, y: float, width: float, height: float) -> Iterator[str]:
        """Path operators (ISO 32000-2, 8.5.2) that draw it as large as the box takes, in its middle.

        The box is given by its lower left corner. Nothing is blown up beyond the ground that it was drawn on.
        """
        left, top, right, bottom = self.bounds
        across, down = max(right - left, self.width / 4), max(bottom - top, self.height / 4)
        scale = min(width / across, height / down)
        dx = x + (width - (left + right) * scale) / 2
        dy = y + (height + (top + bottom) * scale) / 2
        for stroke in self.strokes:
            yield from _curve([(dx + px * scale, dy - py * scale) for px, py in stroke])


def _points(text: str) -> Iterator[tuple[int, int]]:
    for point in text.split("-"):
        across, down = point.split(".")
        yield int(across), int(down)


def _curve(points: Sequence[Point]) -> Iterator[str]:
    """Through the middles between neighbours, each point pulling the line: smooth, and never beyond them."""
    first, last = points[0], points[-1]
    yield f"{_at(first)} m"
    here = first
    bending = points[1:]
    for number, (control, following) in enumerate(pairwise(bending), 2):
        there = last if number == len(bending) else _between(control, following, 1 / 2)
        bends = _between(here, control, 2 / 3), _between(there, control, 2 / 3)
        yield f"{_at(bends[0])} {_at(bends[1])} {_at(there)} c"
        here = there
    if len(points) < 3:  # a dot is a line of no length with round ends
        yield f"{_at(last)} l"
    yield "S"


def _between(start: Point, end: Point, part: float) -> Point:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _at(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"
