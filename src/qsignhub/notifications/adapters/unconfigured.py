"""What stands where nothing is set up: it says so, and what the way out is."""

from __future__ import annotations

from typing import NoReturn

from qsignhub.foundation.database import Transaction
from qsignhub.notifications.errors import MailNotConfigured, SmsNotConfigured
from qsignhub.notifications.model import Outgoing


class NoMail:
    async def send(self, tx: Transaction, mail: Outgoing) -> NoReturn:  # noqa: ARG002
        await self.ping()

    async def ping(self) -> NoReturn:
        raise MailNotConfigured("No mail server is set: live mail waits until QSIGNHUB_SMTP_URL names one.")


class NoTexts:
    async def send(self, tx: Transaction, text: Outgoing) -> NoReturn:  # noqa: ARG002
        raise SmsNotConfigured("No provider of text messages is set up, so that none was sent; use email.")
