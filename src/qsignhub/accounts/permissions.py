"""What a key can be restricted to."""

from __future__ import annotations

from typing import Literal, TypeAlias

Permission: TypeAlias = Literal[
    "documents:read",
    "documents:write",
    "signature_requests:read",
    "signature_requests:write",
    "validate",
    "sandbox",
]
