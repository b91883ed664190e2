"""A mail as it travels (RFC 5322): plain text first, the same in HTML for who prefers that."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna

from qsignhub.notifications.errors import MailRefused
from qsignhub.notifications.inert import one_line
from qsignhub.notifications.model import Outgoing


def mime_message(mail: Outgoing, sender: Address, now: datetime) -> EmailMessage:
    """``Message-ID`` comes from the notice's id: a mail that is sent again after a crash is recognised.

    ``To`` is the bare address, without a name that somebody else chose. ``Auto-Submitted`` (RFC 3834)
    keeps vacation notices from being answered to a machine. Raises MailRefused for a hopeless address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient_address(mail.to)
    message["Subject"] = one_line(mail.content.subject or "")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.notice_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.content.text, cte="quoted-printable")
    if mail.content.html is not None:
        message.add_alternative(mail.content.html, subtype="html", cte="quoted-printable")
    return message


def recipient_address(text: str) -> Address:
    """The address with its domain as the DNS spells it (RFC 5891); a local part is nobody's to change."""
    local, _, domain = text.rpartition("@")
    try:
        if text != one_line(text) or " " in text:
            raise ValueError("it contains white space or control characters")
        return Address(username=local, domain=idna.encode(domain, uts46=True).decode("ascii"))
    except (ValueError, IndexError) as exc:  # idna's errors are ValueErrors
        raise MailRefused(
            f"The signer's e-mail address cannot be written to: {one_line(str(exc), 120)}"
        ) from exc
