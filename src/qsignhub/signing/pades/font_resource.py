"""A typeface as a font of a PDF: a composite font with Identity-H (ISO 32000-2, 9.7), embedded in part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.pades.typeface import MISSING_GLYPH, Typeface

_NONSYMBOLIC, _CAP_HEIGHT, _STEM_WIDTH = 32, 714, 80
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
    name = NameObject(f"/{_subset_tag(program)}+{face.name}")
    descriptor = _dictionary(
        Type=NameObject("/FontDescriptor"),
        FontName=name,
        Flags=NumberObject(_NONSYMBOLIC),
        FontBBox=ArrayObject(NumberObject(_per_mille(value, face)) for value in face.bounds),
        ItalicAngle=NumberObject(0),
        Ascent=NumberObject(_per_mille(face.ascent, face)),
        Descent=NumberObject(_per_mille(face.descent, face)),
        CapHeight=NumberObject(_CAP_HEIGHT),
        StemV=NumberObject(_STEM_WIDTH),
        FontFile2=_add(writer, _stream(program, Length1=NumberObject(len(program)))),
    )
    widths = ArrayObject()
    for glyph in sorted(meanings):
        widths += [NumberObject(glyph), ArrayObject([NumberObject(_per_mille(face.advances[glyph], face))])]
    descendant = _dictionary(
        Type=NameObject("/Font"),
        Subtype=NameObject("/CIDFontType2"),
        BaseFont=name,
        CIDSystemInfo=_dictionary(
            Registry=TextStringObject("Adobe"),
            Ordering=TextStringObject("Identity"),
            Supplement=NumberObject(0),
        ),
        FontDescriptor=_add(writer, descriptor),
        CIDToGIDMap=NameObject("/Identity"),
        DW=NumberObject(1000),
        W=widths,
    )
    font = _dictionary(
        Type=NameObject("/Font"),
        Subtype=NameObject("/Type0"),
        BaseFont=name,
        Encoding=NameObject("/Identity-H"),
        DescendantFonts=ArrayObject([_add(writer, descendant)]),
        ToUnicode=_add(writer, _stream(_to_unicode(meanings))),
    )
    return _add(writer, font)


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


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


def _stream(data: bytes, **entries: PdfObject) -> StreamObject:
    stream = StreamObject(dict_data=dict(_dictionary(**entries)), stream_data=data)
    stream.compress()
    return stream


def _add(writer: IncrementalPdfFileWriter, content: PdfObject) -> IndirectObject:
    return writer.add_object(content)
