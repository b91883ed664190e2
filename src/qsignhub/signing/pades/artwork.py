"""The look of a visible signature: a form XObject drawn by its widget (ISO 32000-2, 12.7.5.5).

Colours are those of sRGB, told in a device-independent way (CalRGB, ISO 32000-2, 8.6.5.3): PDF/A takes them
whatever the document's output intent is (ISO 19005-1, 6.2.3; ISO 19005-2 and -3, 6.2.4). Nothing is
transparent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, PdfObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.pades.appearance import SANDBOX_MARKS, TYPED, Appearance, can_be_typed
from qsignhub.signing.pades.font_resource import embed_font, shown
from qsignhub.signing.pades.handwriting import Handwriting
from qsignhub.signing.pades.layout import Box, Line, broken, composed, fitted, lay_out, writable_name
from qsignhub.signing.pades.page_geometry import rotation_of
from qsignhub.signing.pades.pdf_objects import dictionary, name, numbers, stream
from qsignhub.signing.pades.typeface import Typeface, typeface, typeface_for

_LEVELS = {"qes": "qualified", "aes": "advanced", "ses": "simple"}

_ACCENT, _INK, _QUIET_INK = "0B5D5B", "14201F", "46524F"
_BAND, _STRIPE, _BAND_INK = "FCEBC0", "F8DC96", "5A3E00"
_MOST_STRIPES, _NARROWEST_STRIPE = 80, 0.5
_REASON_LINES = (1, 2, 3)
_GAP = 8.0  # between handwriting and words, in points


def give_appearance(
    writer: IncrementalPdfFileWriter,
    widget: DictionaryObject,
    appearance: Appearance,
    claimed_time: datetime,
) -> None:
    """Draws the appearance into the widget; upright also on a rotated page."""
    left, bottom, right, top = (float(value) for value in widget["/Rect"])
    width, height = right - left, top - bottom
    turn = rotation_of(widget["/P"])
    across, up = (height, width) if turn in {90, 270} else (width, height)
    matrix = {
        0: (1, 0, 0, 1, 0, 0),
        90: (0, 1, -1, 0, width, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, height),
    }[turn]
    lines, content = _draw(Box(0, 0, across, up), appearance, claimed_time)
    resources = {"Font": _fonts(writer, lines), "ColorSpace": dictionary({"C": _colours()})}
    form: dict[str, PdfObject] = {
        "Type": name("XObject"),
        "Subtype": name("Form"),
        "BBox": numbers((0, 0, across, up)),
        "Matrix": numbers(matrix),
        "Resources": dictionary(resources),
    }
    widget[name("AP")] = dictionary({"N": writer.add_object(stream(content, form))})


def _draw(box: Box, appearance: Appearance, claimed_time: datetime) -> tuple[Sequence[Line], bytes]:
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
    content = [
        "/C cs /C CS",
        f"{_fill(_ACCENT)} 0 {_n(band.height)} {_n(rule)} {_n(box.height - band.height)} re f",
    ]
    lines: list[Line] = []
    parts = _parted(space) if appearance.written else None
    if parts is not None:
        written_space, space = parts
        if isinstance(appearance.written, Handwriting):
            content += _strokes(appearance.written, written_space)
        elif appearance.written == TYPED and can_be_typed(appearance.signer_name):
            lines += fitted(composed(appearance.signer_name), typeface("Handwritten"), written_space)
    lines += _words(space, appearance, claimed_time)
    plain = {typeface("Regular").name, typeface("Regular of more scripts").name}
    content += [_text(line, _QUIET_INK if line.face.name in plain else _INK) for line in lines]
    if appearance.sandbox:
        mark = _mark(band, padding, typeface("Semibold"))
        content += [*_stripes(band), _text(mark, _BAND_INK)]
        lines.append(mark)
    return lines, "\n".join(content).encode("ascii")


def _parted(space: Box) -> tuple[Box, Box] | None:
    """Room for handwriting and for words: side by side, one above the other, or not both."""
    if space.width >= 120 and space.height >= 22:
        width = min(space.width * 0.42, space.height * 3)
        rest = space.x + width + _GAP
        return (
            Box(space.x, space.y, width, space.height),
            Box(rest, space.y, space.x + space.width - rest, space.height),
        )
    if space.width >= 40 and space.height >= 44:
        height = space.height * 0.45
        return (
            Box(space.x, space.y + space.height - height, space.width, height),
            Box(space.x, space.y, space.width, space.height - height),
        )
    return None


def _words(space: Box, appearance: Appearance, claimed_time: datetime) -> tuple[Line, ...]:
    moment = claimed_time.astimezone(UTC)
    signed, day, time = "Signed electronically", f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S} UTC"
    level = appearance.level_requested
    asked = f"Level requested: {_LEVELS[level]} ({level.upper()})"
    briefly_asked = f"{level.upper()} requested"
    briefly = f"{day} {moment:%H:%M} UTC · {briefly_asked}"
    reason = composed(f"Reason: {appearance.reason}") if appearance.reason else ""
    strong = typeface_for(composed(appearance.signer_name), "Semibold")
    plain = typeface_for(reason, "Regular")
    reasons = _in_lines(reason, plain)
    return lay_out(
        space,
        writable_name(appearance.signer_name, strong),
        [
            [*way, *lines]
            for way in ([f"{signed} · {day} {time}", asked], [signed, f"{day} {time}", asked])
            for lines in reasons
        ],
        [
            [*way, *lines]
            for lines in (*filter(None, reasons), [])
            for way in ([briefly], [day, time, briefly_asked])
        ],
        strong,
        plain,
    )


def _in_lines(reason: str, face: Typeface) -> list[list[str]]:
    """Ways to break it, from one line to a few; one empty way where there is nothing to say."""
    if not reason:
        return [[]]
    width = face.width(reason)
    ways = [broken(reason, face, width / count * 1.1) for count in _REASON_LINES]
    return [way for at, way in enumerate(ways) if way not in ways[:at]]


def _strokes(drawing: Handwriting, space: Box) -> Iterator[str]:
    """Round ends and corners, as a pen leaves them."""
    margin = min(2.0, space.height / 10)
    pen = min(max(space.height / 32, 0.5), 1.6)
    yield f"q {_stroke(_INK)} {_n(pen)} w 1 J 1 j"
    yield from drawing.paths(
        space.x + margin, space.y + margin, space.width - 2 * margin, space.height - 2 * margin
    )
    yield "Q"


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


def _fonts(writer: IncrementalPdfFileWriter, lines: Sequence[Line]) -> DictionaryObject:
    texts: dict[str, tuple[Typeface, list[str]]] = {}
    for line in lines:
        texts.setdefault(line.face.name, (line.face, []))[1].append(line.text)
    fonts: dict[str, PdfObject] = {
        key: embed_font(writer, face, of_face) for key, (face, of_face) in texts.items()
    }
    return dictionary(fonts)


def _colours() -> ArrayObject:
    """The primaries and the white of sRGB (IEC 61966-2-1), its curve as a power of 2.2."""
    primaries = (0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505)
    entries = {
        "WhitePoint": numbers((0.9505, 1.0, 1.089)),
        "Gamma": numbers((2.2, 2.2, 2.2)),
        "Matrix": numbers(primaries),
    }
    return ArrayObject([name("CalRGB"), dictionary(entries)])


def _components(colour: str) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.3f}" for at in (0, 2, 4))


def _fill(colour: str) -> str:
    return f"{_components(colour)} sc"


def _stroke(colour: str) -> str:
    return f"{_components(colour)} SC"


def _n(value: float) -> str:
    return f"{value:.3f}"
