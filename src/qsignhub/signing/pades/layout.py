"""What a visible signature says, and where each line stands: sized to its field, never beyond it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qsignhub.signing.pades.typeface import Typeface

_NAME, _META = 11.0, 7.5  # points, at scale 1
_LARGEST_SCALE = 1.6
_LARGE = 12.0  # points; letters like handwriting are not broken for more
_LINE = 1.28  # a line's height in ems; accents on capitals and descenders stay within it
_BASELINE = 1.0  # below the line's top, in ems
_GAP = 0.2  # between name and the rest, in ems of the rest
_META_OF_NAME = 0.78  # the rest is never nearly as large as the name,
_NAME_OF_META = 1.6  # and the name does not shout

_UNWRITABLE_NAME = "Signer named in the certificate"
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011"), "-")


@dataclass(frozen=True, slots=True)
class Box:
    """In points from the lower left corner of the appearance."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """``x`` and ``y`` are those of the baseline's start."""

    text: str
    face: Typeface
    size: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """One way to say it, and the sizes in points below which another way is better."""

    name_lines: int
    meta: Sequence[str]
    smallest_name: float
    smallest_meta: float


def composed(text: str) -> str:
    """One line, letters and their accents put together (NFC), hyphens as every typeface has them."""
    return unicodedata.normalize("NFC", " ".join(text.split())).translate(_HYPHENS)


def writable_name(name: str, face: Typeface) -> str:
    """The name as the typeface can write it.

    Characters that it lacks stay, and are drawn as boxes; accents and joiners that it lacks are left
    out. A name without one letter that it has is not drawn: the certificate, which is right in every
    script, is pointed to.
    """
    kept = [c for c in composed(name) if face.has(c) or unicodedata.category(c)[0] not in "MC"]
    if not any(face.has(character) and character.isalpha() for character in kept):
        return _UNWRITABLE_NAME
    return "".join(kept)


def lay_out(
    box: Box,
    name: str,
    metas: Sequence[Sequence[str]],
    short_metas: Sequence[Sequence[str]],
    strong: Typeface,
    plain: Typeface,
) -> tuple[Line, ...]:
    """The fullest text that is legible in the box.

    ``metas`` are wordings of what stands below the name, the best first, ``short_metas`` those for
    small boxes. In the smallest only the name is left, shortened with an ellipsis if need be.
    """
    for plan in _plans(metas, short_metas):
        names = [name] if plan.name_lines == 1 else _halves(name, strong)
        if len(names) != plan.name_lines:
            continue
        units = len(names) * _NAME * _LINE + (len(plan.meta) * _LINE + bool(plan.meta) * _GAP) * _META
        scale = min(_LARGEST_SCALE, box.height / units)
        name_size = min(_NAME * scale, _widest(names, strong, box.width))
        meta_size = min(_META * scale, _widest(plan.meta, plain, box.width), name_size * _META_OF_NAME)
        name_size = min(name_size, meta_size * _NAME_OF_META) if plan.meta else name_size
        if name_size >= plan.smallest_name and (meta_size >= plan.smallest_meta or not plan.meta):
            return tuple(_placed(box, names, strong, name_size, plan.meta, plain, meta_size))
    size = min(4.0, box.height / _LINE)
    return tuple(_placed(box, [_shortened(name, strong, size, box.width)], strong, size, (), plain, 0))


def broken(text: str, face: Typeface, width: float) -> list[str]:
    """At spaces, into as few lines as do not exceed a width in ems; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and face.width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def fitted(text: str, face: Typeface, box: Box) -> Iterator[Line]:
    """As large as the box takes, in its middle; in two lines where one would be small."""
    ways = [[text], _halves(text, face)]
    sizes = [min(box.height / len(way) / _LINE, _widest(way, face, box.width)) for way in ways]
    size, way = max(zip(sizes, ways, strict=True), key=lambda each: min(each[0], _LARGE))
    top = box.y + (box.height + len(way) * _LINE * size) / 2
    for number, line in enumerate(way):
        x = box.x + (box.width - face.width(line, size)) / 2
        yield Line(line, face, size, x, top - (number * _LINE + _BASELINE) * size)


def _plans(metas: Sequence[Sequence[str]], short_metas: Sequence[Sequence[str]]) -> Iterator[_Plan]:
    for wordings, name_lines, smallest_name, smallest_meta in (
        (metas, 1, 8.0, 6.0),
        (metas, 2, 7.0, 5.5),
        (short_metas, 1, 6.0, 4.5),
        (short_metas, 2, 5.0, 4.0),
        (short_metas, 1, 4.5, 3.5),
    ):
        for meta in wordings:
            yield _Plan(name_lines, meta, smallest_name, smallest_meta)
    yield _Plan(1, (), 4.0, 0)
    yield _Plan(2, (), 3.5, 0)


def _placed(
    box: Box,
    names: Sequence[str],
    strong: Typeface,
    name_size: float,
    meta: Sequence[str],
    plain: Typeface,
    meta_size: float,
) -> Iterator[Line]:
    """The lines from top to bottom, in the middle of the box's height."""
    gap = _GAP * meta_size if meta else 0.0
    height = len(names) * name_size * _LINE + gap + len(meta) * meta_size * _LINE
    top = box.y + (box.height + height) / 2
    for text in names:
        yield Line(text, strong, name_size, box.x, top - _BASELINE * name_size)
        top -= _LINE * name_size
    top -= gap
    for text in meta:
        yield Line(text, plain, meta_size, box.x, top - _BASELINE * meta_size)
        top -= _LINE * meta_size


def _widest(texts: Sequence[str], face: Typeface, width: float) -> float:
    """The size at which the longest of the texts takes the whole width."""
    longest = max((face.width(text) for text in texts), default=0.0)
    return width / longest if longest else float("inf")


def _halves(name: str, face: Typeface) -> list[str]:
    """Broken at the space that leaves the shortest longer half."""
    words = name.split(" ")
    ways = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    if not ways:
        return [name]
    return list(min(ways, key=lambda way: max(face.width(half) for half in way)))


def _shortened(text: str, face: Typeface, size: float, width: float) -> str:
    shortened = text
    while shortened and face.width(shortened, size) > width:
        shortened = shortened.rstrip("…")[:-1].rstrip() + "…" if len(shortened) > 1 else ""
    return shortened
