"""The parameters of a request, read with the specification's own complaints."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from qsignhub.sandbox_qtsp.csc.errors import CscError


class Parameters:
    """A parameter that is null counts as absent (CSC API v2 clause 7.1)."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    def string(self, name: str) -> str:
        value = self._content.get(name)
        if not isinstance(value, str) or not value:
            raise CscError(f"Missing (or invalid type) string parameter {name}")
        return value

    def optional_string(self, name: str) -> str | None:
        return None if self._content.get(name) is None else self.string(name)

    def flag(self, name: str) -> bool:
        value = self._content.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise CscError(f"Invalid parameter {name}")
        return value

    def number(self, name: str) -> int:
        value = self._content.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise CscError(f"Missing (or invalid type) integer parameter {name}")
        return value

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        value = self._content.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise CscError(f"Missing (or invalid type) array parameter {name}")
        return value

    def has(self, name: str) -> bool:
        return self._content.get(name) is not None

    def hashes(self, name: str) -> tuple[bytes, ...]:
        """Base64-encoded digests, in their order."""
        values = self._content.get(name)
        if not isinstance(values, list):
            raise CscError(f"Missing (or invalid type) array parameter {name}")
        if not values:
            raise CscError("Empty hash array")
        return tuple(_digest(value) for value in values)


def _digest(value: Any) -> bytes:
    if not isinstance(value, str):
        raise CscError("Invalid Base64 hash string parameter")
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise CscError("Invalid Base64 hash string parameter") from None
