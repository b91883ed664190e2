"""XML documents: checked, and laid out as pages that people can read.

What is shown is the document's text with line breaks and indentation of ours, every character visible:
what would turn the writing direction, or show nothing, stands as its character reference. So does what the
embedded typeface has no letter for: it has Latin, Greek and Cyrillic.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import typst
from lxml import etree

from qsignhub.documents.errors import DocumentUnreadable, UnsupportedDocumentType
from qsignhub.documents.model import EXISTING_SIGNATURES, Hazard
from qsignhub.documents.xml_reading import Looking, parse_beginning, parse_whole, read_through

MAX_CHARACTERS = 1024 * 1024
"""What is longer, once laid out, is shown by its first page only."""

_BEGINNING_BYTES = 64 * 1024
_BEGINNING_LINES = 80
_COLUMNS = 92  # what a line of the page holds, in xml_pages.typ's type
_LINES_AT_ONCE = 50  # typesetting takes time by the square of a block's length
_CHUNK = 1024 * 1024
_INVISIBLE = {"Cc", "Cf", "Cn", "Mn", "Zl", "Zp"}
_PAGES = Path(__file__).with_name("xml_pages.typ")
_COLOURS = Path(__file__).with_name("xml_colours.tmTheme")
_OTHER_DOCUMENTS = {
    "{http://www.w3.org/1999/xhtml}html": "an HTML page",
    "html": "an HTML page",
    "{http://www.w3.org/2000/svg}svg": "an SVG image",
    "{http://www.w3.org/1999/XSL/Transform}stylesheet": "an XSLT program",
    "{http://www.w3.org/1999/XSL/Transform}transform": "an XSLT program",
}

XML_STYLESHEET = Hazard(
    "XML_STYLESHEET", "The document names a stylesheet; programs that apply it show something else."
)
XML_INCLUSIONS = Hazard(
    "XML_INCLUSIONS", "The document asks for other files to be included; a signature does not cover those."
)

XML_SIGNATURES = Hazard(
    EXISTING_SIGNATURES,
    "The document carries signatures of its own; it can be signed as cades, not as xades.",
)


def inspect_xml(path: Path) -> tuple[Hazard, ...]:
    """Reads it from end to end and fetches nothing; what is worth knowing before it is signed.

    Raises DocumentUnreadable, ExternalContent (a DOCTYPE) or UnsupportedDocumentType.
    """
    with path.open("rb") as file:
        seen = read_through(iter(lambda: file.read(_CHUNK), b""), Looking())
    if seen.root in _OTHER_DOCUMENTS:
        other = _OTHER_DOCUMENTS[seen.root]
        raise UnsupportedDocumentType(
            f"Only PDF, DOCX, XLSX and XML documents are accepted; this file is {other}.", field="file"
        )
    found = {
        XML_STYLESHEET: seen.has_stylesheet,
        XML_INCLUSIONS: seen.has_inclusions,
        XML_SIGNATURES: seen.has_signatures,
    }
    return tuple(hazard for hazard, there in found.items() if there)


def typeset_xml(path: Path, target: Path, sha256: str) -> bool:
    """Writes the document's pages to ``target`` as PDF; False if only its beginning is on them."""
    text = _laid_out(path) if path.stat().st_size <= MAX_CHARACTERS else None
    whole = text is not None and len(text) <= MAX_CHARACTERS
    lines = list(_lines(text if whole and text else _beginning(path)))
    if not whole:
        lines = lines[:_BEGINNING_LINES]
    blocks = [lines[start : start + _LINES_AT_ONCE] for start in range(0, len(lines), _LINES_AT_ONCE)]
    contents = {
        "sha256": sha256,
        "whole": whole,
        "blocks": [
            {
                "numbers": "\n".join(number for number, _ in block),
                "text": "\n".join(line for _, line in block),
            }
            for block in blocks
        ],
    }
    try:
        pdf = typst.compile(
            _PAGES.read_bytes(),
            ignore_system_fonts=True,
            sys_inputs={"contents": json.dumps(contents), "colours": _COLOURS.read_text()},
            format="pdf",
            pdf_tags=False,
        )
    except typst.TypstError as exc:
        raise DocumentUnreadable("The XML cannot be laid out as pages.", field="file") from exc
    if not isinstance(pdf, bytes):
        raise DocumentUnreadable("The XML cannot be laid out as pages.", field="file")
    target.write_bytes(pdf)
    return whole


def _laid_out(path: Path) -> str:
    tree = parse_whole(path)
    return f'<?xml version="{tree.docinfo.xml_version}"?>\n' + etree.tostring(
        tree, pretty_print=True, encoding="unicode"
    )


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        root = parse_beginning(file.read(_BEGINNING_BYTES))
    return "" if root is None else etree.tostring(root, pretty_print=True, encoding="unicode")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Number and text of each line of the pages; a line that goes on from the one above has no number."""
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        shown = "".join(_visible(character) for character in line)
        indentation = " " * min(len(shown) - len(shown.lstrip(" ")) + 4, _COLUMNS // 2)
        label = str(number)
        while True:
            fits = _fitting(shown)
            yield label, shown[:fits]
            if fits == len(shown):
                break
            shown, label = indentation + shown[fits:].lstrip(" "), ""


def _fitting(text: str) -> int:
    """How many characters go on a line: up to a space in its second half, else as many as it holds."""
    if len(text) <= _COLUMNS:
        return len(text)
    space = text.rfind(" ", _COLUMNS // 2 + 1, _COLUMNS)
    return space + 1 if space > 0 and text[:space].strip() else _COLUMNS


def _visible(character: str) -> str:
    if character == "\t":
        return "  "
    shown = character <= "\u052f" or "\u1e00" <= character <= "\u2bff"
    if shown and unicodedata.category(character) not in _INVISIBLE:
        return character
    return f"&#x{ord(character):X};"
