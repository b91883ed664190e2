"""Reminders: three for a signer, one in 24 hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qsignhub.foundation.clock import iso
from qsignhub.signature_requests.errors import PhoneRequired, ReminderLimitReached, ReminderTooSoon
from qsignhub.signature_requests.model import (
    MAX_REMINDERS,
    REMINDER_PAUSE,
    Reminder,
    ReminderChannel,
    Signer,
)


def next_one(sent: Sequence[Reminder], signer: Signer, channel: ReminderChannel, now: datetime) -> Reminder:
    """The reminder that follows on those that were sent, or the reason why there is none."""
    if channel != "email" and signer.phone is None:
        raise PhoneRequired("The signer has no phone number; remind by email.", field="channel")
    if len(sent) >= MAX_REMINDERS:
        raise ReminderLimitReached(
            f"The signer was reminded {MAX_REMINDERS} times, which is as often as is possible."
        )
    if sent and now < sent[-1].sent_at + REMINDER_PAUSE:
        raise ReminderTooSoon(
            "The signer was reminded in the last 24 hours; "
            f"the next reminder is possible at {iso(sent[-1].sent_at + REMINDER_PAUSE)}."
        )
    return Reminder(len(sent) + 1, channel, now)
