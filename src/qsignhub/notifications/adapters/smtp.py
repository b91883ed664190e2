"""Mail by a mail server (RFC 5321, submission RFC 6409): a connection a mail, encrypted where it can be."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.policy import SMTP as RFC5322
from email.policy import SMTPUTF8
from typing import Literal

import aiosmtplib

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.notifications.errors import MailRefused, MailUnavailable
from qsignhub.notifications.inert import one_line
from qsignhub.notifications.mail_server import MailServer
from qsignhub.notifications.mime import mime_message
from qsignhub.notifications.model import Outgoing

_ABOUT_US = {530, 534, 535, 538}
"""Refusals of a client that has not signed in as the server wishes (RFC 4954): no fault of the mail's."""
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class SmtpMail:
    def __init__(
        self,
        server: MailServer,
        sender: Address,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        patience: timedelta = timedelta(seconds=15),
        patience_in_all: timedelta = timedelta(seconds=60),
    ) -> None:
        """``tls``: whom to believe; unset, the system's authorities (and those of ``SSL_CERT_FILE``).

        ``patience`` is for one answer of the server's, ``patience_in_all`` for the whole conversation.
        """
        self._server = server
        self._sender = sender
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._patience = patience
        self._in_all = patience_in_all

    async def send(self, tx: Transaction, mail: Outgoing) -> Literal["sent"]:  # noqa: ARG002 - keeps nothing
        message = mime_message(mail, self._sender, self._clock.now())
        recipient = str(message["To"].addresses[0].addr_spec)
        beyond_ascii = not recipient.isascii()
        async with self._conversation() as client:
            await client.sendmail(
                self._sender.addr_spec,
                [recipient],
                message.as_bytes(policy=SMTPUTF8 if beyond_ascii else RFC5322),
                mail_options=["SMTPUTF8"] if beyond_ascii else [],
            )
        return "sent"

    async def ping(self) -> None:
        async with self._conversation() as client:
            await client.noop()

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection, signed in; what goes wrong on it comes out as an error of this room's.

        A server that is asked for a password must speak TLS: without credentials it is used where
        offered, and in both cases a certificate that does not verify ends the conversation.
        """
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._sender.domain,
            use_tls=server.tls_at_once,
            start_tls=False if server.tls_at_once else (True if server.user else None),
            tls_context=self._tls,
            timeout=self._patience.total_seconds(),
        )
        try:
            async with asyncio.timeout(self._in_all.total_seconds()):
                await client.connect()
                yield client
            await _take_leave(client)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
            raise _told(exc) from exc
        finally:
            client.close()


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """The mail is the server's by now: a farewell that fails changes nothing about that."""
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        return


def _told(exc: Exception) -> MailUnavailable | MailRefused:
    """5xx to the recipient or the content is for good; everything else may be better tomorrow.

    A refused sender is not the mail's fault either: every mail would fail, until the operator acts.
    What the server said is repeated without addresses: it goes to logs, too.
    """
    if isinstance(exc, aiosmtplib.SMTPRecipientsRefused):
        exc = exc.recipients[0]
    if isinstance(exc, aiosmtplib.SMTPNotSupported):
        return MailRefused("The mail server does not take addresses beyond ASCII (SMTPUTF8).")
    if isinstance(exc, aiosmtplib.SMTPResponseException):
        answer = one_line(_ADDRESS.sub("<address>", f"{exc.code} {exc.message}"), 200)
        at_fault = isinstance(exc, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
        if at_fault and 500 <= exc.code < 600 and exc.code not in _ABOUT_US:
            return MailRefused(f"The mail server refused the mail: {answer}")
        return MailUnavailable(f"The mail server does not take the mail now: {answer}")
    reason = one_line(str(exc), 200) or type(exc).__name__
    return MailUnavailable(f"The mail server does not answer as it should: {reason}")
