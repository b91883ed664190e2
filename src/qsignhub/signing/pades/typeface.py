"""A TrueType typeface (ISO/IEC 14496-22, "OpenType"): measured, and cut down to the glyphs of one text.

Enough for scripts that need no shaping (Latin, Greek, Cyrillic in composed form; Armenian, Georgian). Only
the program's own files are read, never a font from a document: they are trusted, and known to be well-formed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from qsignhub.foundation.typefaces import Kind, Weight, file_of

MISSING_GLYPH = 0  # .notdef, an empty box
_EMBEDDED_TABLES = ("glyf", "head", "hhea", "hmtx", "loca", "maxp")  # ISO 32000-2, 9.9.1
_CHECKSUM_MAGIC = 0xB1B0AFBA

# Flags of a component of a composite glyph
_ARGUMENTS_ARE_WORDS, _HAS_SCALE, _MORE_COMPONENTS = 0x0001, 0x0008, 0x0020
_HAS_TWO_SCALES, _HAS_MATRIX = 0x0040, 0x0080


@dataclass(frozen=True, slots=True, eq=False)
class Typeface:
    """``glyphs`` maps code points; measures are in font units, ``units_per_em`` of them to the em."""

    name: str
    units_per_em: int
    ascent: int
    descent: int
    bounds: tuple[int, int, int, int]
    slope: tuple[int, int]
    """The caret's rise and run: upright is (1, 0)."""
    glyphs: Mapping[int, int]
    advances: tuple[int, ...]
    _bearings: tuple[int, ...]
    _offsets: tuple[int, ...]
    _tables: Mapping[str, bytes]

    def has(self, character: str) -> bool:
        return ord(character) in self.glyphs

    def glyph(self, character: str) -> int:
        return self.glyphs.get(ord(character), MISSING_GLYPH)

    @property
    def count(self) -> int:
        """How many glyphs, those included that a subset leaves empty."""
        return len(self.advances)

    def width(self, text: str, size: float = 1.0) -> float:
        """In the unit of ``size``."""
        return sum(self.advances[self.glyph(character)] for character in text) * size / self.units_per_em

    def subset(self, glyphs: Iterable[int]) -> bytes:
        """A TrueType file in which only these glyphs have an outline; they keep their numbers."""
        kept = self._closure({MISSING_GLYPH, *glyphs})
        outlines, offsets, metrics = bytearray(), [0], bytearray()
        for glyph, measures in enumerate(zip(self.advances, self._bearings, strict=True)):
            if glyph in kept:
                outlines += self._outline(glyph)
            offsets.append(len(outlines) // 2)
            metrics += struct.pack(">Hh", *(measures if glyph in kept else (0, 0)))
        hhea = self._tables["hhea"][:34] + struct.pack(">H", len(self.advances))
        changed = {
            "glyf": bytes(outlines),
            "loca": struct.pack(f">{len(offsets)}H", *offsets),
            "hmtx": bytes(metrics),
            "hhea": hhea,
        }
        return _font_file({tag: changed.get(tag, self._tables[tag]) for tag in _EMBEDDED_TABLES})

    def _outline(self, glyph: int) -> bytes:
        return self._tables["glyf"][self._offsets[glyph] : self._offsets[glyph + 1]]

    def _closure(self, glyphs: set[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(glyphs)
        while waiting:
            glyph = waiting.pop()
            if glyph not in found:
                found.add(glyph)
                waiting.extend(_components(self._outline(glyph)))
        return found


def typeface_for(text: str, weight: Weight) -> Typeface:
    """The house's own typeface, or the one of more scripts where that has more of the text's letters."""
    usual = typeface(weight)
    if all(map(usual.has, text)):
        return usual
    more = typeface("Semibold of more scripts" if weight == "Semibold" else "Regular of more scripts")
    return max(usual, more, key=lambda face: sum(map(face.has, text)))


@cache
def typeface(kind: Kind) -> Typeface:
    """Read on first use: a service that makes no visible signature never loads it."""
    file = file_of(kind)
    tables = _read_tables(file.read_bytes())
    head, hhea = tables["head"], tables["hhea"]
    (count,) = struct.unpack_from(">H", tables["maxp"], 4)
    (measured,) = struct.unpack_from(">H", hhea, 34)
    advances, bearings = zip(*struct.iter_unpack(">Hh", tables["hmtx"][: 4 * measured]), strict=True)
    more_bearings = struct.unpack(f">{count - measured}h", tables["hmtx"][4 * measured :])
    ascent, descent = struct.unpack_from(">hh", hhea, 4)
    return Typeface(
        name=file.stem,
        units_per_em=struct.unpack_from(">H", head, 18)[0],
        ascent=ascent,
        descent=descent,
        bounds=struct.unpack_from(">4h", head, 36),
        slope=struct.unpack_from(">2h", hhea, 18),
        glyphs=dict(_code_points(tables["cmap"])),
        advances=(*advances, *[advances[-1]] * (count - measured)),
        _bearings=(*bearings, *more_bearings),
        _offsets=tuple(2 * offset for offset in struct.unpack(f">{count + 1}H", tables["loca"])),
        _tables=tables,
    )


def _read_tables(font: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {}
    for index in range(count):
        tag, _, start, length = struct.unpack_from(">4sLLL", font, 12 + 16 * index)
        tables[tag.decode()] = font[start : start + length]
    return tables


def _code_points(cmap: bytes) -> Iterator[tuple[int, int]]:
    """The Basic Multilingual Plane's subtable, format 4: the only one that the files have."""
    (start,) = struct.unpack_from(">L", cmap, 8)
    segments = struct.unpack_from(">H", cmap, start + 6)[0] // 2
    array = f">{segments}H"
    ends_at = start + 14
    starts_at, deltas_at, ranges_at = (ends_at + 2 + 2 * segments * n for n in (1, 2, 3))
    columns = (struct.unpack_from(array, cmap, at) for at in (ends_at, starts_at, deltas_at, ranges_at))
    for index, (last, first, delta, offset) in enumerate(zip(*columns, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                at = ranges_at + 2 * index + offset + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", cmap, at)
                if glyph == MISSING_GLYPH:
                    continue
            yield code, (glyph + delta) & 0xFFFF


def _components(outline: bytes) -> Iterator[int]:
    """The glyphs that a composite glyph is put together from; none of a simple one."""
    if not outline or struct.unpack_from(">h", outline)[0] >= 0:
        return
    at, flags = 10, _MORE_COMPONENTS
    while flags & _MORE_COMPONENTS:
        flags, glyph = struct.unpack_from(">HH", outline, at)
        yield glyph
        at += 8 if flags & _ARGUMENTS_ARE_WORDS else 6
        if flags & _HAS_SCALE:
            at += 2
        elif flags & _HAS_TWO_SCALES:
            at += 4
        elif flags & _HAS_MATRIX:
            at += 8


def _font_file(tables: Mapping[str, bytes]) -> bytes:
    """Tables with their directory and checksums (ISO/IEC 14496-22, 4.5)."""
    count = len(tables)
    power = count.bit_length() - 1
    directory = bytearray(
        struct.pack(">LHHHH", 0x00010000, count, 16 << power, power, 16 * count - (16 << power))
    )
    body = bytearray()
    head_at = 0
    for tag, table in sorted(tables.items()):
        start = 12 + 16 * count + len(body)
        content = table
        if tag == "head":
            head_at = start
            content = table[:8] + bytes(4) + table[12:]  # the checksum of all, counted as 0 while it is made
        directory += struct.pack(">4sLLL", tag.encode(), _checksum(content), start, len(content))
        body += content + bytes(-len(content) % 4)
    font = directory + body
    struct.pack_into(">L", font, head_at + 8, (_CHECKSUM_MAGIC - _checksum(font)) & 0xFFFFFFFF)
    return bytes(font)


def _checksum(data: bytes | bytearray) -> int:
    padded = bytes(data) + bytes(-len(data) % 4)
    total: int = sum(struct.unpack(f">{len(padded) // 4}L", padded))
    return total & 0xFFFFFFFF
