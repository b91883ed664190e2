"""The place of a signature that has no field, but shall be seen: in the bottom margin of the last page.

Marks stand in a grid of equal cells, from the left to the right and then upwards, as the page is seen. Each
signature takes the first cell that nothing stands in: what is there already, and what is still to come.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.pades.appearance import FieldPlacement, SummaryMark
from qsignhub.signing.pades.page_geometry import (
    Rectangle,
    overlap,
    rectangles_on,
    rotation_of,
    visible_box_of,
)

_WIDTH, _HEIGHT, _GAP = 108.0, 24.0, 4.0  # of a cell at least, in points
_SIDE, _EDGE = 16.0, 10.0  # free at the sides, and below
_LEAST_ROWS = 20  # a page too low for so many has lower cells


def place_of(
    writer: IncrementalPdfFileWriter, placement: FieldPlacement | SummaryMark
) -> tuple[int, Rectangle]:
    """Index of the page, from 0, and where on it.

    Raises DocumentNotSignable where a mark finds no room: the last page is covered all over.
    """
    if isinstance(placement, FieldPlacement):
        return placement.page - 1, placement.rectangle
    count = int(writer.root["/Pages"]["/Count"])
    reference, _ = writer.find_page_for_modification(count - 1)  # type: ignore[no-untyped-call]
    page = reference.get_object()
    box = visible_box_of(page)
    if box is None:
        raise DocumentNotSignable("The last page has no size; no signature's mark can stand on it.")
    taken = [*rectangles_on(page), *(each.rectangle for each in placement.beside if each.page == count)]
    for cell in _cells(box, rotation_of(page)):
        if not any(overlap(cell, other) for other in taken):
            return count - 1, cell
    raise DocumentNotSignable("The last page has no room left for the signature's mark.")


def _cells(box: Rectangle, rotation: int) -> Iterator[Rectangle]:
    left, bottom, right, top = box
    across, up = (top - bottom, right - left) if rotation in {90, 270} else (right - left, top - bottom)
    side, edge = min(_SIDE, across / 20), min(_EDGE, up / 40)
    columns = max(1, int((across - 2 * side + _GAP) // (_WIDTH + _GAP)))
    wide = (across - 2 * side - (columns - 1) * _GAP) / columns
    pitch = min(_HEIGHT + _GAP, (up - 2 * edge) / _LEAST_ROWS * columns, up - 2 * edge)
    high = pitch * _HEIGHT / (_HEIGHT + _GAP)
    for row in range(int((up - 2 * edge) / pitch + 1e-6)):
        y = edge + row * pitch
        for column in range(columns):
            x = side + column * (wide + _GAP)
            yield _in_user_space((x, y, x + wide, y + high), box, rotation)


def _in_user_space(seen: Rectangle, box: Rectangle, rotation: int) -> Rectangle:
    """From the lower left corner of the page as it is seen, to where that is when it is not turned."""
    x0, y0, x1, y1 = seen
    left, bottom, right, top = box
    return {
        0: (left + x0, bottom + y0, left + x1, bottom + y1),
        90: (right - y1, bottom + x0, right - y0, bottom + x1),
        180: (right - x1, top - y1, right - x0, top - y0),
        270: (left + y0, top - x1, left + y1, top - x0),
    }[rotation]
