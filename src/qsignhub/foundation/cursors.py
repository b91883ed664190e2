"""Cursors of lists: where a page ended, told to nobody but ourselves.

Lists run from the newest to the oldest, by ``(created_at DESC, id DESC)``; a cursor names the last entry
that was shown, so that a page neither repeats nor skips an entry when others are added meanwhile. It holds
for the list that it was given out for, with the same filters and for the same account, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from qsignhub.foundation.errors import Malformed
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_LENGTH = 300
"""No cursor of ours is longer, in characters."""

_PURPOSE = "cursor"
_TAG_BYTES = 16


class InvalidCursor(Malformed):
    code = "INVALID_CURSOR"


class Cursors:
    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def issue(
        self, scope: Scope, listing: str, filters: Mapping[str, str | None], position: tuple[datetime, str]
    ) -> str:
        """``position`` is the last entry's ``(created_at, id)``; ``listing`` names the list: ``documents``.

        The answer goes into a URL as it is.
        """
        created_at, entry_id = position
        place = json.dumps([created_at.astimezone(UTC).isoformat(), entry_id]).encode()
        return (
            base64.urlsafe_b64encode(self._tag(scope, listing, filters, place) + place).decode().rstrip("=")
        )

    def read(
        self, scope: Scope, listing: str, filters: Mapping[str, str | None], cursor: str
    ) -> tuple[datetime, str]:
        """The position to go on after. Raises InvalidCursor for one that was not given out for this."""
        try:
            decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            raise _invalid() from None
        tag, place = decoded[:_TAG_BYTES], decoded[_TAG_BYTES:]
        # the text is compared too: the last character of base64 has bits that decoding throws away
        again = base64.urlsafe_b64encode(decoded).decode().rstrip("=")
        if not hmac.compare_digest(tag, self._tag(scope, listing, filters, place)) or again != cursor:
            raise _invalid()
        created_at, entry_id = json.loads(place)
        return datetime.fromisoformat(created_at), entry_id

    def _tag(self, scope: Scope, listing: str, filters: Mapping[str, str | None], place: bytes) -> bytes:
        owner = [scope.account_id, scope.mode, listing, sorted(filters.items()), place.decode("latin-1")]
        return self._master_key.authenticate(_PURPOSE, json.dumps(owner).encode())[:_TAG_BYTES]


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "The cursor is not one that was given out for this list. Use next_cursor as it came, with the same "
        "filters, or leave it out to begin with the newest.",
        field="cursor",
    )
