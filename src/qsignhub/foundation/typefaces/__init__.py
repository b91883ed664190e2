"""The typefaces of everything that we set in type ourselves: signatures, audit trails, specimens.

Open Sans for Latin, Greek and Cyrillic; DejaVu Sans where a text has letters beyond them (polytonic Greek,
Armenian, Georgian, rare Latin and Cyrillic ones); EB Garamond's italic for a name that stands for a
handwritten one. The files are part of the program: trusted, and known to be well-formed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

Weight = Literal["Regular", "Semibold"]
Kind = Literal["Regular", "Semibold", "Regular of more scripts", "Semibold of more scripts", "Handwritten"]

FOLDER = Path(__file__).parent
_FILES: Final[Mapping[Kind, str]] = {
    "Regular": "OpenSans-Regular.ttf",
    "Semibold": "OpenSans-Semibold.ttf",
    "Regular of more scripts": "DejaVuSans.ttf",
    "Semibold of more scripts": "DejaVuSans-Bold.ttf",
    "Handwritten": "EBGaramond-Italic.ttf",
}


def file_of(kind: Kind) -> Path:
    return FOLDER / _FILES[kind]
