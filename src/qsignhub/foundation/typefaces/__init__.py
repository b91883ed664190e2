"""Open Sans, for everything that we set in type ourselves: signatures, audit trails, specimens.

Latin, Greek and Cyrillic. The files are part of the program: trusted, and known to be well-formed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Weight = Literal["Regular", "Semibold"]

FOLDER = Path(__file__).parent


def file_of(weight: Weight) -> Path:
    return FOLDER / f"OpenSans-{weight}.ttf"
