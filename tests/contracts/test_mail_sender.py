"""What every MailSender must do, run on each adapter; and what SMTP must do in every weather."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.errors import QSignHubError
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey
from qsignhub.notifications.adapters.outbox import Outbox
from qsignhub.notifications.adapters.smtp import SmtpMail
from qsignhub.notifications.adapters.unconfigured import NoMail, NoTexts
from qsignhub.notifications.errors import (
    MailNotConfigured,
    MailRefused,
    MailServerUrlInvalid,
    MailUnavailable,
    SmsNotConfigured,
)
from qsignhub.notifications.mail_server import MailServer, sender_address
from qsignhub.notifications.model import Content, Outgoing
from qsignhub.notifications.ports import MailSender
from qsignhub.notifications.repository import MessageRepository
from tests.conftest import free_port
from tests.contracts.loopback import Answer, loopback
from tests.notifications.rows import a_message_row
from tests.support.mail_sink import MailSink, mail_sink, self_made_tls

NOW = datetime(2025, 1, 15, 11, 2, 50, tzinfo=UTC)
SENDER = "QSignHub <no-reply@mail.example>"
CONTENT = Content(
    "Zażółć: Anna asks “you”", "Hello Świętosława,\n\nsign here:\nhttps://x.example/s/1\n", "<p>Zażółć</p>"
)
Rows = tuple[Database, Scope, str, str]


@pytest.fixture
async def row(database: Database) -> Rows:
    """A message on record that is to go out now: scope, id and notice id."""
    return await a_message_row(database)


def outgoing(row: Rows, **changes: object) -> Outgoing:
    _, scope, message_id, notice_id = row
    mail = Outgoing(message_id, scope, notice_id, "anna@company.example", CONTENT)
    return replace(mail, **changes)  # type: ignore[arg-type]


async def send(sender: MailSender, row: Rows, **changes: object) -> str:
    async with row[0].transaction() as tx:
        return await sender.send(tx, outgoing(row, **changes))


def smtp(sink: MailSink, *, tls: ssl.SSLContext | None = None, url: str = "", wait: float = 10.0) -> SmtpMail:
    server = MailServer.from_url(url or f"smtp://127.0.0.1:{sink.port}")
    return SmtpMail(
        server,
        sender_address(SENDER),
        SettableClock(NOW),
        tls=tls,
        patience=timedelta(seconds=wait),
        patience_in_all=timedelta(seconds=wait),
    )


# Every adapter


class Setup:
    def __init__(self, sender: MailSender, row: Rows, sink: MailSink | None) -> None:
        self.sender, self.row, self.sink = sender, row, sink
        self.repository = MessageRepository(MasterKey(bytes(32)))

    async def arrived(self) -> list[Content]:
        """What can be read at the other end."""
        if self.sink is None:
            database, scope, message_id, _ = self.row
            async with database.transaction() as tx:
                await tx.execute("UPDATE messages SET status = 'stored' WHERE id = %s", (message_id,))
                kept = await self.repository.list_kept(
                    tx, scope, request_id=None, signer_id=None, after=None, limit=10
                )
            return [message.content for message in kept]
        found = {}
        for mail in self.sink.mails:
            text, html = mail.get_body(("plain",)), mail.get_body(("html",))
            assert text is not None
            content = Content(
                mail["Subject"],
                text.get_content().replace("\r\n", "\n"),
                html.get_content().strip() if html else None,
            )
            found[mail["Message-ID"]] = content  # the same mail twice is one mail
        return list(found.values())


@pytest_asyncio.fixture(params=["smtp", "outbox"])
async def setup(request: pytest.FixtureRequest, row: Rows) -> AsyncIterator[Setup]:
    async with AsyncExitStack() as stack:
        if request.param == "smtp":
            sink = await stack.enter_async_context(mail_sink())
            yield Setup(smtp(sink), row, sink)
        else:
            yield Setup(Outbox(MessageRepository(MasterKey(bytes(32)))), row, None)


async def test_what_was_handed_over_arrives_as_it_was(setup: Setup) -> None:
    assert await send(setup.sender, setup.row) == ("sent" if setup.sink else "stored")
    assert await setup.arrived() == [CONTENT]


async def test_plain_text_alone_will_do(setup: Setup) -> None:
    content = replace(CONTENT, html=None)
    await send(setup.sender, setup.row, content=content)
    assert await setup.arrived() == [content]


async def test_handed_over_twice_it_is_recognisably_one(setup: Setup) -> None:
    await send(setup.sender, setup.row)
    await send(setup.sender, setup.row)
    assert await setup.arrived() == [CONTENT]


async def test_a_long_text_arrives_whole(setup: Setup) -> None:
    content = replace(CONTENT, text="ż" * 5000 + "\n.\n..\n" + "https://x.example/s/" + "a" * 2000 + "\n")
    await send(setup.sender, setup.row, content=content)
    assert await setup.arrived() == [content]


async def test_ping_is_quiet_while_all_is_well(setup: Setup) -> None:
    await setup.sender.ping()


async def test_where_nothing_is_set_up_it_says_so(row: Rows) -> None:
    with pytest.raises(MailNotConfigured, match="QSIGNHUB_SMTP_URL"):
        await send(NoMail(), row)
    with pytest.raises(MailNotConfigured):
        await NoMail().ping()
    async with row[0].transaction() as tx:
        with pytest.raises(SmsNotConfigured):
            await NoTexts().send(tx, outgoing(row))


# SMTP, what travels


async def test_the_head_is_that_of_a_machine_and_carries_a_stable_id(row: Rows) -> None:
    async with mail_sink() as sink:
        await send(smtp(sink), row)
    (mail,), (envelope,) = sink.mails, sink.envelopes
    assert envelope.mail_from == "no-reply@mail.example"
    assert envelope.rcpt_tos == ["anna@company.example"]
    assert mail["From"] == SENDER
    assert mail["To"] == "anna@company.example"
    assert mail["Message-ID"] == f"<{row[3]}@mail.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert mail["Reply-To"] is None
    assert mail.get_content_type() == "multipart/alternative"


async def test_case_12_a_line_break_in_the_subject_makes_no_header(row: Rows) -> None:
    hostile = Content("Hello\r\nBcc: all@company.example\u2028X: y\x00", "text\n", None)
    async with mail_sink() as sink:
        await send(smtp(sink), row, content=hostile)
    assert sink.mails[0]["Bcc"] is None
    assert sink.mails[0]["Subject"] == "Hello Bcc: all@company.example X: y"
    assert sink.envelopes[0].rcpt_tos == ["anna@company.example"]


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nRCPT TO:<c@d.example>", "a\u202eb@c.example", "a b@c.example", "a@-.example"]
)
async def test_case_5_12_a_hostile_address_is_refused_before_anything_is_sent(
    row: Rows, address: str
) -> None:
    async with mail_sink() as sink:
        with pytest.raises(MailRefused):
            await send(smtp(sink), row, to=address)
    assert sink.mails == []


async def test_an_address_beyond_ascii_arrives(row: Rows) -> None:
    async with mail_sink() as sink:
        await send(smtp(sink), row, to="zażółć@straße.example")
    assert sink.envelopes[0].rcpt_tos == ["zażółć@xn--strae-oqa.example"]
    assert "SMTPUTF8" in sink.envelopes[0].mail_options


async def test_a_server_that_cannot_write_to_such_an_address_never_will(row: Rows) -> None:
    async with mail_sink(utf8=False) as sink:
        with pytest.raises(MailRefused, match="SMTPUTF8"):
            await send(smtp(sink), row, to="zażółć@company.example")
        await send(smtp(sink), row, to="zazolc@straße.example")  # the domain alone needs none of it
    assert sink.envelopes[0].rcpt_tos == ["zazolc@xn--strae-oqa.example"]


# SMTP, refusals and faults


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_not_now_means_later(row: Rows, command: str) -> None:
    async with mail_sink() as sink:
        sink.answers[command] = "451 4.7.1 Greylisted, come again"
        with pytest.raises(MailUnavailable, match="451"):
            await send(smtp(sink), row)
        sink.answers.clear()
        await send(smtp(sink), row)
    assert len(sink.mails) == 1


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_never_means_never(row: Rows, command: str) -> None:
    async with mail_sink() as sink:
        sink.answers[command] = "550 5.1.1 <anna@company.example>: Nobody of this name"
        with pytest.raises(MailRefused, match=r"550 5\.1\.1 <address>: Nobody of this name"):
            await send(smtp(sink), row)


@pytest.mark.parametrize(
    ("command", "answer"),
    [("MAIL", "550 5.7.1 Sender not allowed"), ("RCPT", "530 5.7.0 Authentication required")],
)
async def test_a_refusal_of_ourselves_waits_for_the_operator(row: Rows, command: str, answer: str) -> None:
    async with mail_sink() as sink:
        sink.answers[command] = answer
        with pytest.raises(MailUnavailable, match=answer[:3]):
            await send(smtp(sink), row)


async def test_a_server_that_is_down_is_waited_for(row: Rows) -> None:
    port = free_port()
    sender = smtp(MailSink(port))
    with pytest.raises(MailUnavailable):
        await send(sender, row)
    with pytest.raises(MailUnavailable):
        await sender.ping()
    async with mail_sink(port=port) as sink:
        await sender.ping()
        await send(sender, row)
    assert len(sink.mails) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_never_answers_is_given_up_for_now(row: Rows, command: str) -> None:
    async with mail_sink() as sink:
        sink.slow.add(command)
        with pytest.raises(MailUnavailable):
            await send(smtp(sink, wait=0.3), row)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "AFTER"])
async def test_a_connection_that_breaks_is_tried_again(row: Rows, command: str) -> None:
    async with mail_sink() as sink:
        sink.hangs_up.add(command)
        with pytest.raises(MailUnavailable):
            await send(smtp(sink), row)
        sink.hangs_up.clear()
        await send(smtp(sink), row)
    # cut off after the mail was taken, it goes out twice, and whoever gets both can tell
    assert len(sink.mails) == (2 if command == "AFTER" else 1)
    assert len({mail["Message-ID"] for mail in sink.mails}) == 1


@pytest.mark.parametrize("trouble", ["slow", "hangs_up"])
async def test_a_farewell_that_fails_changes_nothing(row: Rows, trouble: str) -> None:
    async with mail_sink() as sink:
        getattr(sink, trouble).add("QUIT")
        assert await send(smtp(sink, wait=0.5), row) == "sent"
    assert len(sink.mails) == 1


async def test_something_that_is_no_mail_server_is_unavailable(row: Rows) -> None:
    async def answer(*_: object) -> Answer:
        return Answer()

    async with loopback(answer) as url:
        with pytest.raises(MailUnavailable):
            await send(smtp(MailSink(int(url.rsplit(":", 1)[1])), wait=0.5), row)


# SMTP, encryption and credentials


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server, ca = self_made_tls(tmp_path)
    return server, ssl.create_default_context(cafile=str(ca))


async def test_starttls_is_used_where_it_is_offered(
    row: Rows, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with mail_sink(tls=tls[0]) as sink:
        await send(smtp(sink, url=f"smtp://localhost:{sink.port}", tls=tls[1]), row)
    assert sink.encrypted == [True]


async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    row: Rows, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with mail_sink(tls=tls[0]) as sink:
        with pytest.raises(MailUnavailable, match="certificate"):
            await send(smtp(sink, url=f"smtp://localhost:{sink.port}"), row)
        with pytest.raises(MailUnavailable, match=r"certificate|127\.0\.0\.1"):  # vouched for another name
            await send(smtp(sink, url=f"smtp://127.0.0.1:{sink.port}", tls=tls[1]), row)
    assert sink.mails == []


async def test_tls_from_the_first_byte(row: Rows, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with mail_sink(tls=tls[0], tls_at_once=True, password_of={"hub@x": "p@ss/wörd"}) as sink:
        url = f"smtps://hub%40x:p%40ss%2Fw%C3%B6rd@localhost:{sink.port}"
        await send(smtp(sink, url=url, tls=tls[1]), row)
    assert sink.encrypted == [True]
    assert sink.signed_in == ["hub@x"]


async def test_credentials_are_given_behind_starttls_alone(
    row: Rows, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with mail_sink(tls=tls[0], password_of={"hub": "secret"}) as sink:
        await send(smtp(sink, url=f"smtp://hub:secret@localhost:{sink.port}", tls=tls[1]), row)
    assert sink.signed_in == ["hub"]
    async with mail_sink(password_of={"hub": "secret"}) as plain:  # no STARTTLS, passwords in the clear
        with pytest.raises(MailUnavailable, match="STARTTLS"):
            await send(smtp(plain, url=f"smtp://hub:secret@localhost:{plain.port}", tls=tls[1]), row)
    assert plain.tried == []
    assert plain.mails == []


async def test_a_wrong_password_waits_for_the_operator(
    row: Rows, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with mail_sink(tls=tls[0], password_of={"hub": "secret"}) as sink:
        sender = smtp(sink, url=f"smtp://hub:wrong@localhost:{sink.port}", tls=tls[1])
        with pytest.raises(MailUnavailable, match="535") as caught:
            await send(sender, row)
        with pytest.raises(MailUnavailable):
            await sender.ping()
    assert "wrong" not in caught.value.message
    assert sink.mails == []


@pytest.mark.parametrize(
    "url",
    ["", "http://mail.example", "smtp://", "smtp://host:x", "smtp://u:geheim@/", "smtp://u:geheim@h/p?q"],
)
def test_a_url_that_names_no_mail_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(MailServerUrlInvalid) as caught:
        MailServer.from_url(url)
    assert "geheim" not in caught.value.message


def test_ports_and_credentials_of_urls() -> None:
    assert MailServer.from_url("smtp://mail.example") == MailServer("mail.example", 587, tls_at_once=False)
    assert MailServer.from_url("smtps://u:p%3Aq@[::1]/") == MailServer("::1", 465, True, "u", "p:q")
    assert "p:q" not in repr(MailServer.from_url("smtps://u:p%3Aq@host"))


@pytest.mark.parametrize("text", ["", "QSignHub", "a@b\r\nBcc: c@d"])
def test_a_sender_without_an_address_is_refused(text: str) -> None:
    with pytest.raises(QSignHubError, match="QSIGNHUB_MAIL_FROM"):
        sender_address(text)
