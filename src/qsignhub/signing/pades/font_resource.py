"""A typeface as a font of a PDF: a composite font with Identity-H (ISO 32000-2, 9.7), embedded in part."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

from pyhanko.pdf_utils.generic import ArrayObject, IndirectObject, PdfObject, TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.pades.pdf_objects import dictionary, name, number, numbers, stream
from qsignhub.signing.pades.typeface import MISSING_GLYPH, Typeface

_NONSYMBOLIC, _ITALIC, _CAP_HEIGHT, _STEM_WIDTH = 32, 64, 714, 80
_CODES_IN_A_BLOCK = 100  # as much as a CMap takes in one bfchar block (Adobe TN 5014)


def shown(text: str, face: Typeface) -> str:
    """The operand of Tj: glyph numbers of two bytes, in hexadecimal."""
    return "<" + "".join(f"{face.glyph(character):04x}" for character in text) + ">"


def embed_font(writer: IncrementalPdfFileWriter, face: Typeface, texts: Iterable[str]) -> IndirectObject:
    """The font with the glyphs that ``texts`` need, and their meaning, so that they can be searched."""
    meanings = {face.glyph(character): character for character in sorted({c for text in texts for c in text})}
    if MISSING_GLYPH in meanings:
        meanings[MISSING_GLYPH] = "\ufffd"
    program = face.subset(meanings)
    base_font = name(f"{_subset_tag(program)}+{face.name}")
    rise, run = face.slope
    descriptor = {
        "Type": name("FontDescriptor"),
        "FontName": base_font,
        "Flags": number(_NONSYMBOLIC | (_ITALIC if run else 0)),
        "FontBBox": numbers(_per_mille(value, face) for value in face.bounds),
        "ItalicAngle": number(-round(math.degrees(math.atan2(run, rise)))),
        "Ascent": number(_per_mille(face.ascent, face)),
        "Descent": number(_per_mille(face.descent, face)),
        "CapHeight": number(_CAP_HEIGHT),
        "StemV": number(_STEM_WIDTH),
        "FontFile2": writer.add_object(stream(program, {"Length1": number(len(program))})),
        "CIDSet": writer.add_object(stream(_all_of(face), {})),
    }
    widths = ArrayObject()
    for glyph in sorted(meanings):
        widths += [number(glyph), numbers([_per_mille(face.advances[glyph], face)])]
    system = {
        "Registry": TextStringObject("Adobe"),
        "Ordering": TextStringObject("Identity"),
        "Supplement": number(0),
    }
    descendant: dict[str, PdfObject] = {
        "Type": name("Font"),
        "Subtype": name("CIDFontType2"),
        "BaseFont": base_font,
        "CIDSystemInfo": dictionary(system),
        "FontDescriptor": writer.add_object(dictionary(descriptor)),
        "CIDToGIDMap": name("Identity"),
        "W": widths,
    }
    font: dict[str, PdfObject] = {
        "Type": name("Font"),
        "Subtype": name("Type0"),
        "BaseFont": base_font,
        "Encoding": name("Identity-H"),
        "DescendantFonts": ArrayObject([writer.add_object(dictionary(descendant))]),
        "ToUnicode": writer.add_object(stream(_to_unicode(meanings), {})),
    }
    return writer.add_object(dictionary(font))


def _all_of(face: Typeface) -> bytes:
    """A bit for each glyph of the font program (ISO 32000-1, table 124), which PDF/A-1 wants of a subset
    (ISO 19005-1, 6.3.5): glyphs that are not in use are there, without an outline.
    """
    full, rest = divmod(face.count, 8)
    return b"\xff" * full + (bytes([0xFF << (8 - rest) & 0xFF]) if rest else b"")


def _to_unicode(meanings: dict[int, str]) -> bytes:
    """The CMap from glyphs to text (ISO 32000-2, 9.10.3)."""
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <ffff> endcodespacerange",
    ]
    pairs = [f"<{glyph:04x}> <{ord(character):04x}>" for glyph, character in sorted(meanings.items())]
    for start in range(0, len(pairs), _CODES_IN_A_BLOCK):
        block = pairs[start : start + _CODES_IN_A_BLOCK]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode()


def _subset_tag(program: bytes) -> str:
    """Six capital letters that tell subsets of one typeface apart (ISO 32000-2, 9.9.2)."""
    return "".join(chr(ord("A") + byte % 26) for byte in hashlib.sha256(program).digest()[:6])


def _per_mille(value: int, face: Typeface) -> int:
    return round(value * 1000 / face.units_per_em)
