"""Live mode: mail that really leaves, once for each notice, and what is on record of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import httpx
import pytest

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Overrides, open_services
from qsignhub.foundation import account_clock
from qsignhub.foundation.jobs import JobRunner
from qsignhub.notifications.errors import MailNotConfigured, MailUnavailable
from qsignhub.pages.routes import router
from qsignhub.settings import Settings
from qsignhub.signature_requests.errors import SignatureRequestNotFound
from qsignhub.signature_requests.model import NewSigner
from tests.conftest import free_port
from tests.notifications.conftest import OpenHouse
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.making import make_request, make_scope

ANNA = NewSigner("Anna Kowalska", "anna@company.example", phone="+48500123456", locale="pl-PL")


def text_of(sink: MailSink, number: int = 0) -> str:
    body = sink.mails[number].get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_the_whole_way_from_the_request_to_a_link_that_opens(settings: Settings, conninfo: str) -> None:
    """Real jobs, a real mail server, and the page behind the link that came by mail."""
    async with mail_sink() as sink:
        settings = settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{sink.port}"})
        overrides = Overrides(live_trust=lambda sandbox: sandbox)
        async with open_services(settings, conninfo, overrides) as services:
            runner = JobRunner(services.database, services.job_handlers)
            working = asyncio.create_task(runner.run())
            scope = await make_scope(services, "Kowalska & Partners", "live")
            await make_request(services, scope, ["anna@company.example"])
            async with asyncio.timeout(60):
                await sink.arrived.wait()
            runner.stop()
            await working
            await services.notifications.ping()
            (link,) = re.findall(r"http://\S+/s/\w+", text_of(sink))

            app = create_app(
                lambda: open_services(settings, conninfo, overrides), docs_url="", pages=router()
            )
            app.state.services = services
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport) as browser:
                page = await browser.get(link)
        assert page.status_code == 200
        assert "contract.pdf" in page.text
        assert "SANDBOX" not in sink.mails[0].as_string()
        assert sink.envelopes[0].rcpt_tos == ["anna@company.example"]


async def test_the_mail_says_who_asks_for_what_until_when_and_in_the_signers_language(
    open_house: OpenHouse,
) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        request = await house.request(ANNA)
        await house.run_all()
    assert sink.mails[0]["Subject"] == "Kowalska & Partners prosi o podpis: contract.pdf"
    text = text_of(sink)
    for told in (
        "Anna Kowalska",
        "Kowalska & Partners prosi o elektroniczne podpisanie dokumentu.",
        "Dokument: contract.pdf",
        "Kwalifikowany podpis elektroniczny (QES)",
        f"{request.expires_at:%H:%M} UTC",
        f"https://sign.example/s/{request.signers[0].link_token}",
    ):
        assert told in text
    html = sink.mails[0].get_body(("html",))
    assert html is not None
    assert f'href="https://sign.example/s/{request.signers[0].link_token}"' in html.get_content()


async def test_a_cancellation_is_told_though_the_document_was_deleted_right_after(
    open_house: OpenHouse,
) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        request = await house.request(ANNA)
        await house.run_all()
        services, scope = house.services, house.scope
        async with services.database.transaction() as tx:
            await services.ceremonies.cancel(tx, scope, request.id, "Nowe warunki")
        async with services.database.transaction() as tx:
            in_use = services.signature_requests.any_open_on
            await services.documents.delete(tx, scope, request.document_id, in_use)
        await house.run_all()
    assert len(sink.mails) == 2
    assert "contract.pdf" in text_of(sink, 1)


async def test_of_a_sent_mail_address_and_outcome_are_kept_and_not_what_it_said(
    open_house: OpenHouse,
) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        request = await house.request(ANNA)
        await house.run_all()
        (row,) = await house.messages()
        async with house.services.database.transaction() as tx:
            with pytest.raises(account_clock.TestModeOnly):
                await house.services.notifications.outbox(tx, house.scope, limit=20)
    assert (row["status"], row["recipient"], row["content_sealed"]) == ("sent", ANNA.email, None)
    assert request.signers[0].link_token not in repr(row)


async def test_a_repeated_job_neither_doubles_nor_loses_a_mail(open_house: OpenHouse) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        await house.request(ANNA)
        (notice,) = await house.jobs()
        await asyncio.gather(*(house.run(notice) for _ in range(3)))
        _, delivery = await house.jobs()
        await asyncio.gather(*(house.run(delivery) for _ in range(3)))
        await house.run(notice)
        await house.run(delivery)
        assert len(await house.jobs()) == 2
        assert len(await house.messages()) == 1
    assert len(sink.mails) == 1


async def test_a_crash_between_sending_and_recording_is_recognisable(open_house: OpenHouse) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        await house.request(ANNA)
        delivery = await house.delivery()

        async def send_and_die() -> None:
            async with house.services.database.transaction() as tx:
                await house.services.job_handlers[delivery.name].run(tx, delivery.payload)
                raise ZeroDivisionError  # before the commit

        with pytest.raises(ZeroDivisionError):
            await send_and_die()
        assert [row["status"] for row in await house.messages()] == ["waiting"]
        await house.run(delivery)
        (row,) = await house.messages()
        assert row["status"] == "sent"
    assert len(sink.mails) == 2
    assert {mail["Message-ID"] for mail in sink.mails} == {f"<{row['notice_id']}@localhost>"}


async def test_while_the_mail_server_is_down_the_mail_waits_and_then_goes_out(open_house: OpenHouse) -> None:
    port = free_port()
    async with open_house(smtp_url=f"smtp://127.0.0.1:{port}") as house:
        await house.request(ANNA)
        delivery = await house.delivery()
        with pytest.raises(MailUnavailable):
            await house.services.notifications.ping()
        for _ in range(3):
            with pytest.raises(MailUnavailable):  # which the runner retries without end
                await house.run(delivery)
        assert [row["status"] for row in await house.messages()] == ["waiting"]
        async with mail_sink(port=port) as sink:
            await house.run(delivery)
        assert [row["status"] for row in await house.messages()] == ["sent"]
    assert len(sink.mails) == 1


async def test_without_a_mail_server_live_mail_waits_and_readiness_can_say_so(open_house: OpenHouse) -> None:
    async with open_house() as house:
        await house.request(ANNA)
        with pytest.raises(MailNotConfigured, match="QSIGNHUB_SMTP_URL"):
            await house.run_all()
        with pytest.raises(MailNotConfigured):
            await house.services.notifications.ping()
        assert [row["status"] for row in await house.messages()] == ["waiting"]


async def test_a_refused_recipient_is_recorded_with_the_reason_and_not_tried_again(
    open_house: OpenHouse,
) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        sink.answers["RCPT"] = "550 5.1.1 Nobody of this name"
        await house.request(ANNA)
        delivery = await house.delivery()
        await house.run(delivery)
        sink.answers.clear()
        await house.run(delivery)
        (row,) = await house.messages()
    assert (row["status"], row["failure_code"]) == ("failed", "MAIL_REFUSED")
    assert "550 5.1.1 Nobody of this name" in row["failure_message"]
    assert sink.mails == []


async def test_one_channel_does_not_wait_for_the_other(open_house: OpenHouse) -> None:
    """The mail server is down: that there is no provider of text messages is on record all the same."""
    async with open_house(smtp_url=f"smtp://127.0.0.1:{free_port()}") as house:
        request = await house.request(ANNA)
        await house.tell("reminder", request, channel="both")
        for job in await house.jobs():
            await house.run(job)
        waiting = 0
        for job in (await house.jobs())[2:]:
            try:
                await house.run(job)
            except MailUnavailable:
                waiting += 1
        assert waiting == 2
        assert sorted((row["channel"], row["status"]) for row in await house.messages()) == [
            *(("email", "waiting"), ("email", "waiting"), ("sms", "failed")),
        ]


async def test_both_channels_are_tried(open_house: OpenHouse) -> None:
    """There is no provider of text messages: that is on record, and the mail goes out."""
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        request = await house.request(ANNA)
        await house.tell("reminder", request, channel="both", message="By Friday, please.")
        await house.run_all()
        rows = [row for row in await house.messages() if row["kind"] == "reminder"]
    found = {row["channel"]: (row["status"], row["failure_code"], row["recipient"]) for row in rows}
    assert found == {
        "email": ("sent", None, ANNA.email),
        "sms": ("failed", "SMS_NOT_CONFIGURED", ANNA.phone),
    }
    assert "> By Friday, please." in text_of(sink, 1)
    assert "Przypomnienie" in sink.mails[1]["Subject"]


async def test_an_invitation_that_waited_until_the_request_was_closed_is_not_sent(
    open_house: OpenHouse,
) -> None:
    async with mail_sink() as sink, open_house(smtp_url=f"smtp://127.0.0.1:{sink.port}") as house:
        request = await house.request(ANNA)
        await house.rows("UPDATE signature_requests SET status = 'cancelled' RETURNING id")
        await house.tell("cancellation", request, message="A new version follows.")
        await house.run_all()
        rows = await house.messages()
    assert {row["kind"]: (row["status"], row["failure_code"]) for row in rows} == {
        "invitation": ("failed", "NO_LONGER_OPEN"),
        "cancellation": ("sent", None),
    }
    (mail,) = sink.mails
    assert mail["Subject"].startswith("Wycofano: contract.pdf")
    assert "> A new version follows." in text_of(sink)
    assert request.signers[0].link_token not in mail.as_string()


async def test_a_job_of_another_account_finds_nothing(open_house: OpenHouse) -> None:
    async with open_house() as house:
        await house.request(ANNA)
        (notice,) = await house.jobs()
        other = await make_scope(house.services, "other", "live")
        foreign = replace(notice, payload=notice.payload | {"account_id": other.account_id})
        with pytest.raises(SignatureRequestNotFound):
            await house.run(foreign)
        assert await house.messages() == []
