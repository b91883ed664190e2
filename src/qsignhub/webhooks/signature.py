"""The body of a webhook and its signature, as the contract's section 08 shows them."""

from __future__ import annotations

import hashlib
import hmac
import json

from qsignhub.foundation.clock import iso
from qsignhub.foundation.events import Event

SIGNATURE_HEADER = "X-QSignHub-Signature"


def body_of(event: Event) -> bytes:
    """The event as JSON; the same event gives the same bytes, so a repeated delivery is recognisable.

    Compact and unescaped like JavaScript's ``JSON.stringify``, so that a receiver whose framework
    parsed the body before it could be verified has a chance to rebuild it.
    """
    told = {"id": event.id, "type": event.type, "created_at": iso(event.created_at), "data": event.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: str, body: bytes) -> str:
    """The header's value: ``sha256=`` and the HMAC-SHA256 (RFC 2104) of the body in hexadecimal.

    The key is the whole secret as text, prefix included, as ``createHmac('sha256', secret)`` takes it.
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
