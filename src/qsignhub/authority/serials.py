"""Serial numbers as people write them."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile("[0-9A-Fa-f]{1,2}(:?[0-9A-Fa-f]{2}){0,20}|[0-9A-Fa-f]{1,42}")


def colon_separated(serial: int) -> str:
    """In pairs, as the contract prints it: ``3A:F2:9C``."""
    octets = serial.to_bytes(max(1, (serial.bit_length() + 7) // 8), "big")
    return octets.hex(":").upper()


def read_serial(text: str) -> int | None:
    """``3A:F2:9C`` or ``3af29c``; None where it is neither."""
    return int(text.replace(":", ""), 16) if _HEXADECIMAL.fullmatch(text) else None
