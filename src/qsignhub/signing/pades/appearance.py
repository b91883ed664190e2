"""The appearance of a visible signature: a form XObject drawn by its widget (ISO 32000-2, 12.7.5.5).

It says who signed, when by the service's clock, and which level was asked for; which level was reached
is for a validator to say. In the sandbox a striped band says that it has no legal value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pyhanko.pdf_utils.generic import DictionaryObject, PdfObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.pades.font_resource import embed_font, shown
from qsignhub.signing.pades.layout import Box, Line, lay_out, writable_name
from qsignhub.signing.pades.pdf_objects import dictionary, name, numbers, stream
from qsignhub.signing.pades.typeface import Typeface, typeface

SANDBOX_MARKS = ("SANDBOX · no legal value", "SANDBOX")
_LEVELS = {"qes": "qualified", "aes": "advanced", "ses": "simple"}

_ACCENT, _INK, _QUIET_INK = "0B5D5B", "14201F", "46524F"
_BAND, _STRIPE, _BAND_INK = "FCEBC0", "F8DC96", "5A3E00"
_MOST_STRIPES, _NARROWEST_STRIPE = 80, 0.5
_MAX_TREE_DEPTH = 100


@dataclass(frozen=True, slots=True)
class FieldPlacement:
    """Where a visible signature stands: page from 1, a rectangle in the page's user space, in points."""

    page: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """Where a visible signature stands and what it says. ``sandbox``: made with a test key."""

    placement: FieldPlacement
    signer_name: str
    level_requested: Literal["qes", "aes", "ses"]
    sandbox: bool

    @property
    def page_index(self) -> int:
        return self.placement.page - 1

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top."""
        at = self.placement
        return at.x, at.y, at.x + at.width, at.y + at.height

    @property
    def description(self) -> str:
        """For who hears the document instead of seeing it (/TU, ISO 32000-2, 12.7.4.1)."""
        mark = f"{SANDBOX_MARKS[0]}. " if self.sandbox else ""
        return f"{mark}Electronic signature of {self.signer_name}"


def give_appearance(
    writer: IncrementalPdfFileWriter,
    widget: DictionaryObject,
    appearance: Appearance,
    claimed_time: datetime,
) -> None:
    """Draws the appearance into the widget; upright also on a rotated page."""
    left, bottom, right, top = (float(value) for value in widget["/Rect"])
    width, height = right - left, top - bottom
    turn = _rotation(widget["/P"])
    across, up = (height, width) if turn in {90, 270} else (width, height)
    matrix = {
        0: (1, 0, 0, 1, 0, 0),
        90: (0, 1, -1, 0, width, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, height),
    }[turn]
    lines, content = _draw(Box(0, 0, across, up), appearance, claimed_time)
    form: dict[str, PdfObject] = {
        "Type": name("XObject"),
        "Subtype": name("Form"),
        "BBox": numbers((0, 0, across, up)),
        "Matrix": numbers(matrix),
        "Resources": dictionary({"Font": _fonts(writer, lines)}),
    }
    widget[name("AP")] = dictionary({"N": writer.add_object(stream(content, form))})


def _draw(box: Box, appearance: Appearance, claimed_time: datetime) -> tuple[tuple[Line, ...], bytes]:
    strong, plain = typeface("Semibold"), typeface("Regular")
    padding = min(max(min(box.width, box.height) * 0.09, 1.0), 7.0, box.width / 8)
    rule = min(1.5, box.width / 40)
    band = Box(0, 0, box.width, _band_height(box) if appearance.sandbox else 0)
    inner = padding * 0.5
    space = Box(
        x=rule + padding,
        y=band.height + inner,
        width=box.width - rule - 2 * padding,
        height=box.height - band.height - 2 * inner,
    )
    lines = _words(space, appearance, claimed_time, strong, plain)
    content = [f"q {_fill(_ACCENT)} 0 {_n(band.height)} {_n(rule)} {_n(box.height - band.height)} re f Q"]
    content += [_text(line, _INK if line.face is strong else _QUIET_INK) for line in lines]
    if appearance.sandbox:
        mark = _mark(band, padding, strong)
        content += [*_stripes(band), _text(mark, _BAND_INK)]
        lines = (*lines, mark)
    return lines, "\n".join(content).encode("ascii")


def _words(
    space: Box, appearance: Appearance, claimed_time: datetime, strong: Typeface, plain: Typeface
) -> tuple[Line, ...]:
    moment = claimed_time.astimezone(UTC)
    signed, day, time = "Signed electronically", f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S} UTC"
    level = appearance.level_requested
    asked = f"Level requested: {_LEVELS[level]} ({level.upper()})"
    briefly_asked = f"{level.upper()} requested"
    return lay_out(
        space,
        writable_name(appearance.signer_name, strong),
        [[f"{signed} · {day} {time}", asked], [signed, f"{day} {time}", asked]],
        [[f"{day} {moment:%H:%M} UTC · {briefly_asked}"], [day, time, briefly_asked]],
        strong,
        plain,
    )


def _band_height(box: Box) -> float:
    return min(max(box.height * 0.18, 7.0), 13.0, box.height * 0.45)


def _mark(band: Box, padding: float, face: Typeface) -> Line:
    """The fuller wording where it is legible; the word SANDBOX fits any width."""
    largest = band.height * 0.66
    width = band.width - 2 * padding
    for text in SANDBOX_MARKS:
        size = min(largest, width / face.width(text))
        if size >= min(largest, 4.5):
            break
    x = (band.width - face.width(text, size)) / 2
    return Line(text, face, size, x, (band.height - 0.71 * size) / 2)  # capitals in the middle


def _stripes(band: Box) -> Iterator[str]:
    step = max(band.height, band.width / _MOST_STRIPES, _NARROWEST_STRIPE)
    yield f"q 0 0 {_n(band.width)} {_n(band.height)} re W n"
    yield f"{_fill(_BAND)} 0 0 {_n(band.width)} {_n(band.height)} re f {_fill(_STRIPE)}"
    x = -band.height
    while x < band.width:
        yield (
            f"{_n(x)} 0 m {_n(x + step / 2)} 0 l {_n(x + step / 2 + band.height)} {_n(band.height)} l "
            f"{_n(x + band.height)} {_n(band.height)} l f"
        )
        x += step
    yield "Q"


def _text(line: Line, colour: str) -> str:
    font = f"/{line.face.name} {_n(line.size)} Tf"
    return f"BT {_fill(colour)} {font} {_n(line.x)} {_n(line.y)} Td {shown(line.text, line.face)} Tj ET"


def _fonts(writer: IncrementalPdfFileWriter, lines: tuple[Line, ...]) -> DictionaryObject:
    texts: dict[str, tuple[Typeface, list[str]]] = {}
    for line in lines:
        texts.setdefault(line.face.name, (line.face, []))[1].append(line.text)
    fonts: dict[str, PdfObject] = {
        key: embed_font(writer, face, of_face) for key, (face, of_face) in texts.items()
    }
    return dictionary(fonts)


def _rotation(page: DictionaryObject) -> int:
    """The page's /Rotate, its own or inherited (ISO 32000-2, 7.7.3.4): 0, 90, 180 or 270 clockwise."""
    node = page
    for _ in range(_MAX_TREE_DEPTH):
        if "/Rotate" in node:
            value = node["/Rotate"]
            return int(value) % 360 if isinstance(value, int) and value % 90 == 0 else 0
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return 0


def _fill(colour: str) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.3f}" for at in (0, 2, 4)) + " rg"


def _n(value: float) -> str:
    return f"{value:.3f}"
