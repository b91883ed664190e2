"""Which URLs an account may have its events sent to."""

from __future__ import annotations

import socket

import httpx

from qsignhub.foundation.addresses import may_be_contacted
from qsignhub.webhooks.errors import WebhookUrlInvalid

_MAX_LENGTH = 2048
_DEVELOPMENT = (
    "For a receiver on this machine or in a private network while developing, "
    "set QSIGNHUB_WEBHOOK_ALLOW_PRIVATE=true."
)


def check_endpoint_url(url: str, *, allow_private: bool) -> None:
    """Raises WebhookUrlInvalid. No name is resolved here; addresses are checked at each connection.

    A host that is an address already, in any spelling, is told now rather than at the first event.
    """
    if len(url) > _MAX_LENGTH or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise _invalid(f"The URL must be at most {_MAX_LENGTH} printable ASCII characters without spaces.")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode()
        host.encode("idna")
    except (httpx.InvalidURL, ValueError):
        raise _invalid("This is not a URL.") from None
    if parsed.scheme not in {"https", "http"} or not host:
        raise _invalid("The URL must begin with https:// and name a host.")
    if parsed.userinfo or "#" in url:
        raise _invalid("The URL must hold neither a user name or password nor a fragment (#...).")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise _invalid("The port must be a number from 1 to 65535.")
    if allow_private:
        return
    if parsed.scheme != "https":
        raise _invalid(f"The URL must begin with https://. {_DEVELOPMENT}")
    if _is_local_name(host) or not _is_open(host):
        raise _invalid(f"The URL leads to an address that is not open to the public. {_DEVELOPMENT}")


def _is_local_name(host: str) -> bool:
    """RFC 6761, section 6.3."""
    return host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")


def _is_open(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return True  # a name, not an address
    return all(may_be_contacted(str(entry[4][0]), allow_private=False) for entry in found)


def _invalid(message: str) -> WebhookUrlInvalid:
    return WebhookUrlInvalid(message, field="url")
