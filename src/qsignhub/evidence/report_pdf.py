"""The history as a PDF, set by Typst: the same bytes for the same history on the same machine.

What is on record comes in as data (JSON in ``sys.inputs``) and is set as text. It never becomes part of the
template's source, so that no name is ever read as markup.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typst

from qsignhub.evidence import report
from qsignhub.evidence.model import History
from qsignhub.foundation import typefaces
from qsignhub.signing.pades.typeface import typeface

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_STANDARD: Final = "a-2b"  # PDF/A-2 takes in no other files than PDF/A (ISO 19005-2, 6.8)
_TEMPLATE = Path(__file__).with_name("templates") / "history.typ"
_LETTERS_MISSING = (
    "This document's typefaces lack some of the letters on record: where a name shows boxes or gaps, "
    "history.html and the signer's certificate have it whole."
)


def render_pdf(history: History) -> bytes:
    """A tagged PDF, A4; PDF/A-2b, so that it may lie inside of another, if our typefaces have every letter.

    Its date is that of the history, not of the rendering.
    """
    told = json.dumps(
        {
            **_fields_of(report.report_of(history)),
            "sandbox_word": report.SANDBOX_WORD,
            "sandbox_sentence": report.SANDBOX_SENTENCE,
        },
        ensure_ascii=False,
        default=_fields_of,
    )
    whole = _has_every_letter(told)
    compiler = typst.Compiler(_TEMPLATE.read_bytes(), font_paths=_fonts(with_system_fonts=not whole))
    pdf = compiler.compile(
        format="pdf",
        sys_inputs={"report": told, "note": "" if whole else _LETTERS_MISSING},
        timestamp=int(history.told_at.timestamp()),
        pdf_standards=_STANDARD if whole else None,
    )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst made {type(pdf).__name__} of the report")
    return pdf


def _fields_of(part: DataclassInstance) -> dict[str, object]:
    return {field.name: getattr(part, field.name) for field in fields(part)}


def _has_every_letter(text: str) -> bool:
    face = typeface("Regular")
    return all(face.has(character) for character in set(text) if not character.isspace())


@cache
def _fonts(*, with_system_fonts: bool) -> typst.Fonts:
    """Ours alone, so that every machine sets the same; the system's stand in for letters that ours lack."""
    return typst.Fonts(include_system_fonts=with_system_fonts, font_paths=[typefaces.FOLDER])
