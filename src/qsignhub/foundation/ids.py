"""Public ids and secrets, from the operating system's randomness."""

from __future__ import annotations

import re
import secrets
import string

_BASE62 = string.digits + string.ascii_letters
_ID = re.compile(r"[a-z]{3,4}_[0-9A-Za-z]{12,16}")
_LENGTHS = {
    "doc": 16,
    "sreq": 16,
    "sgn": 12,
    "evt": 16,
    "req": 16,
    "acc": 16,
    "key": 16,
    "whk": 16,
    "sig": 16,
    "act": 16,
    "msg": 16,
}


def _base62(length: int) -> str:
    number = secrets.randbelow(62**length)
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def new_id(kind: str) -> str:
    """A public id of the contract's shape, e.g. ``doc_9Xk3mN7pQr2vT8wL``. Not a secret."""
    return f"{kind}_{_base62(_LENGTHS[kind])}"


def is_id(text: str) -> bool:
    """Whether this can be an id of ours at all; what cannot is not looked up."""
    return _ID.fullmatch(text) is not None


def new_token() -> str:
    """A secret for a link: 32 base62 characters, 190 bits."""
    return _base62(32)


def new_secret(prefix: str) -> str:
    """A secret with a recognisable prefix, 32 base62 characters, 190 bits."""
    return prefix + _base62(32)
