"""The document's name, as signatures outside of it name it."""

from __future__ import annotations

import unicodedata
from typing import Final

_LONGEST_NAME: Final = 200  # octets in UTF-8; file systems take 255
_OF_PATHS: Final = frozenset('/\\:*?"<>|')
_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))]
)
"""What Windows takes for a device, whatever ending it has."""
_TURNS_TEXT: Final = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


def entry_name(name: str) -> str:
    """The name, in a container and beside a detached signature, of a document that is called ``name``: one
    that unpacks to one file in one folder, everywhere, and reads as it is spelt.

    What is part of a path, cannot be seen or turns text around becomes ``_``. A name may be in
    a signature: what this gives for it must not change from release to release.
    """
    plain = "".join("_" if _is_unsafe(character) else character for character in name).strip(" .")
    if plain.lower() in {"", "meta-inf", "mimetype"} or plain.partition(".")[0].lower() in _DEVICES:
        plain = f"document-{plain}"
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = plain, "", ""
    ending = f"{dot}{suffix}"
    room = _LONGEST_NAME - len(ending.encode())
    if len(stem.encode()) > room:
        stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return stem + ending


def _is_unsafe(character: str) -> bool:
    return (
        character in _OF_PATHS
        or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or ord(character) & 0xFFFE == 0xFFFE  # noncharacters, which XML does not hold
        or unicodedata.bidirectional(character) in _TURNS_TEXT
    )
