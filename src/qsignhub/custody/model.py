"""What became of the use of a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """``begun``: the key may or may not have been used; its authorisation is spent either way."""

    state: Literal["unused", "begun", "done"]
    signature: bytes | None = None
