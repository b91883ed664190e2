"""Drawn signatures: what is taken, what is not, and that their ink stays where it belongs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsignhub.signing.pades.handwriting import MAX_POINTS, DrawingUnreadable, Handwriting

WAVE = "600.200_25.120-50.158-92.133-133.67-175.98_300.20-310.190"


def test_strokes_are_read_point_by_point() -> None:
    drawing = Handwriting.parse(WAVE)
    assert (drawing.width, drawing.height) == (600, 200)
    assert drawing.strokes[0][:2] == ((25, 120), (50, 158))
    assert drawing.strokes[1] == ((300, 20), (310, 190))
    assert drawing.bounds == (25, 20, 310, 190)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "600.200",
        "600.200_",
        "600.200_1.1-",
        "600.200__1.1-90.90",
        "600.200_1.1-90",
        "600.200_1.1-90.-90",
        "600.200_1.1-90.90 q",
        "600.200_1.1-٩٠.90",
        "600.200_1.1-90.90\n",
        "0.200_0.0-0.90",
        "4001.200_1.1-90.90",
        "600.200_1.1-601.90",
        "600.200_1.1-90.201",
        "600.200_50.50-60.60",
        "600.200_" + "-".join(["1.1", "90.90"] * (MAX_POINTS // 2 + 1)),
        "600.200" + "_100.100-200.150" * 1000,
    ],
)
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(DrawingUnreadable):
        Handwriting.parse(text)


def test_as_many_points_as_are_allowed() -> None:
    drawing = Handwriting.parse("600.200_" + "-".join(["1.1", "90.90"] * (MAX_POINTS // 2)))
    assert len(drawing.strokes[0]) == MAX_POINTS


points = st.tuples(st.integers(0, 600), st.integers(0, 200))


@given(st.lists(st.lists(points, min_size=1, max_size=12), min_size=1, max_size=5))
def test_no_path_leaves_its_box(strokes: list[list[tuple[int, int]]]) -> None:
    drawing = Handwriting(600, 200, tuple(tuple(stroke) for stroke in strokes))
    for operator in drawing.paths(10, 20, 90, 40):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", operator)]
        assert len(numbers) == {"m": 2, "l": 2, "c": 6, "S": 0}[operator[-1]]
        assert all(9.99 <= x <= 100.01 for x in numbers[::2])
        assert all(19.99 <= y <= 60.01 for y in numbers[1::2])


def test_a_stroke_begins_and_ends_where_the_pen_did() -> None:
    start, *_, last, _ = Handwriting.parse("400.100_0.100-100.0-300.0-400.100").paths(0, 0, 400, 100)
    assert start == "0.00 0.00 m"
    assert last.endswith("400.00 0.00 c")
