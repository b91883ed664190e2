"""What a tool says of an output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["passed", "failed", "cannot"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``said`` is the tool's own message where it did not pass the output."""

    tool: str
    outcome: Outcome
    said: str = ""
