"""The test world's outbox: nothing leaves the machine, everything can be read."""

from __future__ import annotations

from typing import Literal

from qsignhub.foundation.database import Transaction
from qsignhub.notifications.model import Outgoing
from qsignhub.notifications.repository import MessageRepository


class Outbox:
    """For mails and text messages alike."""

    def __init__(self, repository: MessageRepository) -> None:
        self._repository = repository

    async def send(self, tx: Transaction, message: Outgoing) -> Literal["stored"]:
        await self._repository.keep_content(tx, message.scope, message.id, message.content)
        return "stored"

    async def ping(self) -> None:
        """It stands in the database, which is asked elsewhere."""
