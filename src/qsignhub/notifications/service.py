"""What signers are told: put on record, put into words, sent. Once each, however often a job runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from qsignhub.accounts.service import Accounts
from qsignhub.ceremonies.notices import NOTICE_JOB, Channel
from qsignhub.documents.service import Documents
from qsignhub.foundation.account_clock import TestModeOnly
from qsignhub.foundation.clock import Clock
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.errors import Refused
from qsignhub.foundation.ids import new_id
from qsignhub.foundation.jobs import JobHandler, Jobs, RetryPolicy
from qsignhub.foundation.jobs.runner import Payload
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.notifications.composing import compose_mail, compose_text
from qsignhub.notifications.errors import NoLongerOpen, PhoneMissing
from qsignhub.notifications.languages import words_for
from qsignhub.notifications.model import KeptMessage, Matter, Message, MessageChannel, Outgoing
from qsignhub.notifications.ports import MailSender, TextSender
from qsignhub.notifications.repository import MessageRepository
from qsignhub.signature_requests.model import SignatureRequest, Signer
from qsignhub.signature_requests.service import SignatureRequests

logger = logging.getLogger(__name__)

_RETRY = RetryPolicy(first=timedelta(seconds=5), cap=timedelta(minutes=5))
"""For a mail server that does not take the mail: without end, and never more than five minutes apart."""

_AT_ONCE = 2
_DELIVER_JOBS: Mapping[Mode, str] = {"live": "notifications.deliver", "test": "notifications.deliver_test"}
_CHANNELS: Mapping[Channel, tuple[MessageChannel, ...]] = {
    "email": ("email",),
    "sms": ("sms",),
    "both": ("email", "sms"),
}


@dataclass(frozen=True, slots=True)
class Senders:
    """What one of the two worlds sends by."""

    mail: MailSender
    text: TextSender


class Notifications:
    """``signing_base``: the URL under which the signing pages are reached."""

    def __init__(
        self,
        repository: MessageRepository,
        requests: SignatureRequests,
        documents: Documents,
        accounts: Accounts,
        senders: Mapping[Mode, Senders],
        jobs: Jobs,
        clock: Clock,
        *,
        signing_base: str,
    ) -> None:
        self._repository = repository
        self._requests = requests
        self._documents = documents
        self._accounts = accounts
        self._senders = senders
        self._jobs = jobs
        self._clock = clock
        self._signing_base = signing_base

    def handlers(self) -> Mapping[str, JobHandler]:
        """Live, a few at once and no more: a slow mail server must not hold up the signing of others.

        Nor does it hold up the test world, which has a job of its own.
        """
        return {
            NOTICE_JOB: JobHandler(self._tell),
            _DELIVER_JOBS["live"]: JobHandler(self._deliver, _RETRY, limit=_AT_ONCE),
            _DELIVER_JOBS["test"]: JobHandler(self._deliver),
        }

    async def ping(self) -> None:
        """Whether live mail can go out. Raises MailNotConfigured, MailUnavailable."""
        await self._senders["live"].mail.ping()

    async def outbox(
        self,
        tx: Transaction,
        scope: Scope,
        *,
        request_id: str | None = None,
        signer_id: str | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[KeptMessage]:
        """What the test world would have sent, from the newest to the oldest. Raises TestModeOnly.

        ``after``: the ``(created_at, id)`` of the last one seen, to go on behind it.
        """
        if scope.mode == "live":
            raise TestModeOnly("Live messages are sent and not kept: use a test key to read the outbox.")
        return await self._repository.list_kept(
            tx, scope, request_id=request_id, signer_id=signer_id, after=after, limit=limit
        )

    async def _tell(self, tx: Transaction, payload: Payload) -> None:
        """The job of a notice (see ``ceremonies.notices``): a message on record for each channel, waiting.

        Called twice, it finds them on record. Each is sent by a job of its own: none waits for another.
        """
        scope = Scope(payload["account_id"], payload["mode"])
        request = await self._requests.get(tx, scope, payload["request_id"])
        signer = request.signer(payload["signer_id"])
        for channel in _CHANNELS[payload["channel"]]:
            message = self._new(request, signer, channel, payload)
            if await self._repository.add(tx, message):
                job = {
                    "account_id": scope.account_id,
                    "mode": scope.mode,
                    "message_id": message.id,
                    "note": payload["message"],
                }
                await self._jobs.enqueue(tx, _DELIVER_JOBS[scope.mode], job)

    async def _deliver(self, tx: Transaction, payload: Payload) -> None:
        """Sends a message and records what became of it; while a part is Unavailable it waits."""
        message = await self._repository.lock(
            tx, Scope(payload["account_id"], payload["mode"]), payload["message_id"]
        )
        if message is None or message.status != "waiting":
            return
        try:
            status = await self._send(tx, message, payload["note"])
        except Refused as exc:
            logger.warning("message %s is not sent: %s", message.id, exc.code)
            now = self._clock.now()
            await self._repository.settle(tx, message, "failed", now, (exc.code, exc.message))
        else:
            await self._repository.settle(tx, message, status, self._clock.now())

    async def _send(self, tx: Transaction, message: Message, note: str | None) -> Literal["sent", "stored"]:
        request = await self._requests.get(tx, message.scope, message.request_id)
        signer = request.signer(message.signer_id)
        if request.status in {"cancelled", "expired"} and message.kind != "cancellation":
            raise NoLongerOpen(f"The signature request is {request.status} by now.")
        if message.to is None:
            raise PhoneMissing("The signer has no phone number, so that no text message was sent.")
        matter = await self._matter(tx, message, request, signer, note)
        words, senders = words_for(signer.locale), self._senders[message.scope.mode]
        compose, send = (
            (compose_mail, senders.mail.send)
            if message.channel == "email"
            else (compose_text, senders.text.send)
        )
        content = compose(words, matter)
        return await send(tx, Outgoing(message.id, message.scope, message.notice_id, message.to, content))

    async def _matter(
        self, tx: Transaction, message: Message, request: SignatureRequest, signer: Signer, note: str | None
    ) -> Matter:
        # by its record: who cancels a request may delete the document right after
        document = await self._documents.record(tx, request.scope, request.document_id)
        return Matter(
            kind=message.kind,
            sandbox=request.scope.mode == "test",
            account_name=await self._accounts.name_of(tx, request.scope),
            signer_name=signer.name,
            document_name=document.name,
            signature_type=request.signature_type,
            open_until=request.expires_at,
            link=f"{self._signing_base}/s/{signer.link_token}",
            note=note,
        )

    def _new(
        self, request: SignatureRequest, signer: Signer, channel: MessageChannel, payload: Payload
    ) -> Message:
        return Message(
            id=new_id("msg"),
            scope=request.scope,
            notice_id=payload["notice_id"],
            kind=payload["kind"],
            channel=channel,
            request_id=request.id,
            signer_id=signer.id,
            to=signer.email if channel == "email" else signer.phone,
            status="waiting",
            created_at=self._clock.now(),
        )
