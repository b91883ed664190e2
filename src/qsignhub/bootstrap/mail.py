"""Who sends messages: an SMTP server in live mode, in test mode the outbox."""

from __future__ import annotations

from collections.abc import Mapping

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.scope import Mode
from qsignhub.notifications.adapters.outbox import Outbox
from qsignhub.notifications.adapters.smtp import SmtpMail
from qsignhub.notifications.adapters.unconfigured import NoMail, NoTexts
from qsignhub.notifications.mail_server import MailServer, sender_address
from qsignhub.notifications.ports import MailSender
from qsignhub.notifications.repository import MessageRepository
from qsignhub.notifications.service import Senders
from qsignhub.settings import Settings


def senders(
    settings: Settings, messages: MessageRepository, clock: Clock, live_mail: MailSender | None
) -> Mapping[Mode, Senders]:
    """``live_mail`` stands in for the SMTP server, in tests."""
    outbox = Outbox(messages)
    return {
        "test": Senders(outbox, outbox),
        "live": Senders(live_mail or _mail_sender(settings, clock), NoTexts()),
    }


def _mail_sender(settings: Settings, clock: Clock) -> MailSender:
    if settings.smtp_url is None:
        return NoMail()
    return SmtpMail(MailServer.from_url(settings.smtp_url), sender_address(settings.mail_from), clock)
