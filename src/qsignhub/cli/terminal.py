"""What the commands write on."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def terminal(**options: Any) -> Console:
    """Text comes out as it is: a serial number with ``:AB:`` in it is no picture."""
    return Console(emoji=False, **options)
