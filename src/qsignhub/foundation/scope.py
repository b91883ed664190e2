"""Whose data, and of which world: every repository method takes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["test", "live"]


@dataclass(frozen=True, slots=True)
class Scope:
    """An account in one of its two worlds; test and live data never mix."""

    account_id: str
    mode: Mode
