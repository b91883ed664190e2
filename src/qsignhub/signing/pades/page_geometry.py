"""A page as it is shown: its visible box, and which way up (ISO 32000-2, 7.7.3.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, PdfObject
from pyhanko.pdf_utils.misc import PdfReadError

Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right, top in the page's user space."""

_MAX_TREE_DEPTH = 100
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5  # flags of an annotation (12.5.3)


def rotation_of(page: DictionaryObject) -> int:
    """/Rotate: 0, 90, 180 or 270 clockwise."""
    value = _inherited(page, "/Rotate")
    return int(value) % 360 if isinstance(value, int) and value % 90 == 0 else 0


def visible_box_of(page: DictionaryObject) -> Rectangle | None:
    """The crop box within the media box; None where the page has no usable one."""
    media = _rectangle(_inherited(page, "/MediaBox"))
    if media is None:
        return None
    crop = _rectangle(_inherited(page, "/CropBox")) or media
    box = max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])
    return box if box[0] < box[2] and box[1] < box[3] else media


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether they have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def rectangles_on(page: DictionaryObject) -> list[Rectangle]:
    """Where the page's annotations stand, but for those that nobody sees: links, pop-ups, what is hidden."""
    annotations = _value(page, "/Annots")
    if not isinstance(annotations, ArrayObject):
        return []
    found = (_rectangle(_entry(annotation, "/Rect")) for annotation in annotations if _is_seen(annotation))
    return [rectangle for rectangle in found if rectangle]


def _is_seen(annotation: PdfObject) -> bool:
    flags = _entry(annotation, "/F")
    hidden = isinstance(flags, int) and bool(flags & (_HIDDEN | _NO_VIEW))
    return not hidden and str(_entry(annotation, "/Subtype")) not in {"/Link", "/Popup"}


def _entry(annotation: PdfObject, key: str) -> PdfObject | None:
    """A reference to what is not there is null (7.3.10), and stands nowhere."""
    try:
        found = annotation.get_object()  # type: ignore[no-untyped-call]
    except PdfReadError:
        return None
    return _value(found, key) if isinstance(found, DictionaryObject) else None


def _value(entries: DictionaryObject, key: str) -> PdfObject | None:
    """Also what stands behind a reference, which pyHanko's own ``get`` does not follow."""
    return entries[key] if key in entries else None  # noqa: SIM401


def _inherited(page: DictionaryObject, key: str) -> PdfObject | None:
    """An attribute of the page, its own or inherited (7.7.3.4)."""
    node = page
    for _ in range(_MAX_TREE_DEPTH):
        if key in node:
            found: PdfObject = node[key]
            return found
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return None


def _rectangle(value: PdfObject | None) -> Rectangle | None:
    """By any two opposite corners (7.9.5); None if it is none, or has no area."""
    if not isinstance(value, ArrayObject) or len(value) != 4:
        return None
    if not all(isinstance(corner, int | float | Decimal) for corner in value):
        return None
    x0, y0, x1, y1 = (float(corner) for corner in value)
    left, right = min(x0, x1), max(x0, x1)
    bottom, top = min(y0, y1), max(y0, y1)
    return (left, bottom, right, top) if left < right and bottom < top else None
