"""What this room asks of those above it."""

from __future__ import annotations

from typing import Protocol

from qsignhub.foundation.database import Transaction
from qsignhub.foundation.scope import Scope


class SignedFiles(Protocol):
    """What was signed of a document. It is kept as long as the document, and no longer."""

    async def are_being_made(self, tx: Transaction, scope: Scope, document_id: str) -> bool:
        """Whether a signature on the document was begun and is not finished.

        Until the transaction ends none is begun; so this comes before the document is held, as it does
        for whoever signs.
        """
        ...

    async def remove(self, tx: Transaction, scope: Scope, document_id: str) -> None:
        """Removes the bytes and keeps every record. Done twice, it is done once."""
        ...
