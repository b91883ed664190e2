"""Words that came from people, made harmless: they cannot break a line or turn the reading direction."""

from __future__ import annotations

import unicodedata

_SEPARATORS = {"Zl", "Zp"}
_BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
_MARKS = {"\u200e", "\u200f", "\u061c"}


def one_line(text: str, limit: int | None = None) -> str:
    """Runs of white space and control characters become one space; ``limit`` is in characters."""
    shown = " ".join("".join(" " if _breaks(c) else c for c in text if not _turns(c)).split())
    if limit is not None and len(shown) > limit:
        return shown[: limit - 1].rstrip() + "…"
    return shown


def lines(text: str) -> list[str]:
    """The lines of a longer text, each harmless; empty ones at its ends are dropped."""
    return [one_line(line) for line in text.strip().splitlines()]


def _breaks(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _SEPARATORS or category in {"Cc", "Cs"}


def _turns(character: str) -> bool:
    return character in _MARKS or unicodedata.bidirectional(character) in _BIDI
