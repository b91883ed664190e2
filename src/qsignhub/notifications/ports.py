"""What messages go out by. An adapter either has handed the message over, or raises."""

from __future__ import annotations

from typing import Literal, Protocol

from qsignhub.foundation.database import Transaction
from qsignhub.notifications.model import Outgoing


class MailSender(Protocol):
    async def send(self, tx: Transaction, mail: Outgoing) -> Literal["sent", "stored"]:
        """Hands a mail over. ``tx`` is the job's: what an adapter keeps by itself, it keeps in there.

        May be called again for the same mail, after a crash: it is recognisable by its notice's id.
        Raises MailNotConfigured and MailUnavailable (it waits), MailRefused (it never goes out).
        """
        ...

    async def ping(self) -> None:
        """Raises MailNotConfigured, MailUnavailable."""
        ...


class TextSender(Protocol):
    async def send(self, tx: Transaction, text: Outgoing) -> Literal["sent", "stored"]:
        """As with mail, to a phone number. Raises SmsNotConfigured."""
        ...
