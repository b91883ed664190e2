"""The mail server and the sender, as an operator writes them down."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from qsignhub.notifications.errors import MailServerUrlInvalid
from qsignhub.notifications.inert import one_line

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    tls_at_once: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> MailServer:
        """``smtp://user:password@host:587`` or ``smtps://host``; special characters percent-encoded.

        Raises MailServerUrlInvalid, which does not repeat the URL: a password stands in it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise MailServerUrlInvalid(
                "QSIGNHUB_SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host;"
                " percent-encode special characters in the password.",
                field="smtp_url",
            )
        return cls(
            parts.hostname,
            port or _PORTS[parts.scheme],
            parts.scheme == "smtps",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )


def sender_address(text: str) -> Address:
    """``QSignHub <no-reply@example.com>``. Raises MailServerUrlInvalid."""
    name, address = parseaddr(text)
    try:
        if "@" not in address or one_line(text) != text.strip():
            raise ValueError("there is no address in it, or more than one line")
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError) as exc:
        raise MailServerUrlInvalid(
            f"QSIGNHUB_MAIL_FROM must look like Name <address@example.com>: {exc}.", field="mail_from"
        ) from exc
