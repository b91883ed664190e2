"""Failures on demand: which part is to fail, how, and how many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ANY_TRANSPORT = frozenset({"down", "slow", "garbage", "error", "flapping"})
KINDS: Final[dict[str, frozenset[str]]] = {
    "csc": ANY_TRANSPORT | {"wrong_key", "expired"},
    "tsa": ANY_TRANSPORT | {"wrong_key", "wrong_nonce", "wrong_imprint", "wrong_time", "rejection"},
    "ocsp": ANY_TRANSPORT | {"wrong_key", "wrong_nonce", "wrong_serial", "revoked", "unknown", "expired"},
    "crl": ANY_TRANSPORT | {"wrong_key", "expired"},
    "tl": ANY_TRANSPORT | {"wrong_key", "expired", "withdrawn"},
}
"""The kinds by part. A single method of the CSC API is a part too: ``csc.signatures/signHash``, or, as the
last word of its name alone, ``csc.signHash``.
"""
LONGEST_DELAY = 300.0


class NoSuchFailure(ValueError):
    """No such part, kind or number."""


@dataclass(slots=True)
class Failure:
    """``times`` is how often yet, None for until it is cleared; ``seconds`` is how slow."""

    kind: str
    times: int | None = None
    seconds: float = 5.0
    asked: int = 0


class Failures:
    def __init__(self) -> None:
        self._by_part: dict[str, Failure] = {}

    def arrange(self, part: str, kind: str, times: int | None, seconds: float) -> None:
        """Raises NoSuchFailure."""
        known = KINDS.get(part.partition(".")[0])
        if known is None:
            raise NoSuchFailure(f"There is no part {part!r}; there are {', '.join(KINDS)} and csc.<method>")
        if kind not in known:
            raise NoSuchFailure(f"{part} cannot fail by {kind!r}, only by {', '.join(sorted(known))}")
        if times is not None and times < 1:
            raise NoSuchFailure("times is a number from 1 on, or null")
        if not 0 <= seconds <= LONGEST_DELAY:
            raise NoSuchFailure(f"seconds lies between 0 and {LONGEST_DELAY:.0f}")
        self._by_part[part] = Failure(kind, times, seconds)

    def clear(self, part: str | None = None) -> None:
        if part is None:
            self._by_part.clear()
        else:
            self._by_part.pop(part, None)

    def listed(self) -> dict[str, Failure]:
        return dict(self._by_part)

    def take(self, *parts: str) -> Failure | None:
        """The failure of the first of the parts that has one to show for this request, counted.

        A flapping part is down for every other request, beginning with the first.
        """
        for part in parts:
            failure = self._by_part.get(part)
            if failure is None:
                continue
            failure.asked += 1
            if failure.times is not None and failure.asked >= failure.times:
                del self._by_part[part]
            if failure.kind != "flapping":
                return failure
            if failure.asked % 2:
                return Failure("down")
        return None
