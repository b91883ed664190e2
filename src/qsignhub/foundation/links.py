"""Secret links: found by the hash of their token, shown again from a sealed copy."""

from __future__ import annotations

import hashlib

from qsignhub.foundation.sealing import MasterKey

_PURPOSE = "link-token"


class Links:
    """Tokens come from ``ids.new_token``: 190 bits, nothing of them derived from an id."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def seal(self, owner_id: str, token: str) -> bytes:
        return self._master_key.seal(_PURPOSE, owner_id, token.encode())

    def reveal(self, owner_id: str, sealed: bytes) -> str:
        return self._master_key.unseal(_PURPOSE, owner_id, sealed).decode()

    @staticmethod
    def hash(token: str) -> bytes:
        return hashlib.sha256(token.encode()).digest()
