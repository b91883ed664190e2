"""Short-lived URLs to stored files: whoever holds one may read that one file until it expires."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from urllib.parse import urlencode

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.errors import Forbidden
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.foundation.sealing import MasterKey

VALID_FOR = timedelta(hours=24)
_PURPOSE = "file-link"
_MODES: dict[str, Mode] = {"test": "test", "live": "live"}


class FileLinkInvalid(Forbidden):
    code = "FILE_LINK_INVALID"


class FileLinks:
    def __init__(self, master_key: MasterKey, base_url: str, clock: Clock) -> None:
        self._master_key = master_key
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    def url(self, scope: Scope, path: str) -> str:
        """``path`` begins with a slash, e.g. ``/docs/sreq_7Yx4kP9nQ3mB2wR1/signed.pdf``."""
        owner = f"{scope.mode}.{scope.account_id}"
        expires = int((self._clock.now() + VALID_FOR).timestamp())
        signature = self._signature(path, owner, expires)
        return f"{self._base_url}{path}?" + urlencode(
            {"owner": owner, "expires": expires, "signature": signature}
        )

    def scope_behind(self, path: str, owner: str, expires: int, signature: str) -> Scope:
        """Whose file it is. Raises FileLinkInvalid, for a link of another's making as for an old one."""
        genuine = hmac.compare_digest(self._signature(path, owner, expires).encode(), signature.encode())
        if not genuine or expires <= self._clock.now().timestamp():
            raise FileLinkInvalid(
                "This link is not valid any more; fetch the resource again for a fresh one."
            )
        mode, _, account_id = owner.partition(".")
        return Scope(account_id, _MODES[mode])

    def _signature(self, path: str, owner: str, expires: int) -> str:
        message = json.dumps([path, owner, expires]).encode()  # no part can pass for a part of another
        return self._master_key.authenticate(_PURPOSE, message).hex()
