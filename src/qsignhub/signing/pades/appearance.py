"""What a visible signature says, how it is written, and where it stands (ISO 32000-2, 12.7.5.5).

It says who signed, when by the service's clock, why if a reason was given, and which level was asked for;
which level was reached is for a validator to say. In the sandbox a striped band says that it has no legal
value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from qsignhub.signing.pades.handwriting import Handwriting
from qsignhub.signing.pades.layout import composed
from qsignhub.signing.pades.typeface import typeface

SANDBOX_MARKS = ("SANDBOX · no legal value", "SANDBOX")
TYPED: Final = "typed"

Written: TypeAlias = Handwriting | Literal["typed"]
"""A signature drawn by hand, or the signer's name in letters like handwriting."""


@dataclass(frozen=True, slots=True)
class FieldPlacement:
    """Where a visible signature stands: page from 1, a rectangle in the page's user space, in points."""

    page: int
    x: float
    y: float
    width: float
    height: float

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True, slots=True)
class SummaryMark:
    """In the bottom margin of the last page, beside what is there and what is still to stand there."""

    beside: Sequence[FieldPlacement] = ()


@dataclass(frozen=True, slots=True)
class Appearance:
    """Where a visible signature stands and what it says. ``sandbox``: made with a test key.

    ``written`` is shown beside the words, where the field has room for both.
    """

    placement: FieldPlacement | SummaryMark
    signer_name: str
    level_requested: Literal["qes", "aes", "ses"]
    sandbox: bool
    reason: str | None = None
    written: Written | None = None

    @property
    def description(self) -> str:
        """For who hears the document instead of seeing it (/TU, ISO 32000-2, 12.7.4.1)."""
        mark = f"{SANDBOX_MARKS[0]}. " if self.sandbox else ""
        return f"{mark}Electronic signature of {self.signer_name}"


def can_be_typed(name: str) -> bool:
    """Whether the typeface of handwriting has every letter of the name."""
    face = typeface("Handwritten")
    return all(map(face.has, composed(name)))
