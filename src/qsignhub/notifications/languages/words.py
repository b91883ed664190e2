"""What every language has to say. A language that leaves something out does not pass the type check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class ByKind:
    """One text for each kind of notice."""

    invitation: str
    reminder: str
    cancellation: str


@dataclass(frozen=True, slots=True)
class ByLevel:
    """What is asked for, by the contract's ``signature_type``."""

    qes: str
    aes: str
    ses: str


@dataclass(frozen=True, slots=True)
class Words:
    """``{account}``, ``{name}``, ``{document}``, ``{link}`` and ``{until}`` mark what is filled in."""

    code: str
    """ISO 639-1."""
    subject: ByKind
    heading: ByKind
    greeting: str
    opening: ByKind
    document: str
    signature: str
    level: ByLevel
    open_until: str
    button: str
    copy_link: str
    private_link: str
    note: ByKind
    """What introduces the sender's own words."""
    withdrawn: str
    unexpected: str
    questions: str
    automatic: str
    sandbox: str
    text: ByKind
    """The whole of a text message."""
    months: tuple[str, ...]
    """As they stand in a date, January first."""
    moment: str
    """A date's form: ``{day}``, ``{month}``, ``{year}``, ``{time}``."""

    def moment_of(self, when: datetime) -> str:
        """``24 November 2026, 10:02 UTC`` as this language writes it; the time is UTC."""
        utc = when.astimezone(UTC)
        return self.moment.format(
            day=utc.day, month=self.months[utc.month - 1], year=utc.year, time=f"{utc:%H:%M} UTC"
        )
