"""CscError                  an answer with ``error`` and ``error_description`` (CSC API v2 clause 10.2)"""

from __future__ import annotations


class CscError(Exception):
    """``description`` in the specification's own words, where it has some."""

    def __init__(self, description: str, error: str = "invalid_request", status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
