"""Messages: what is to be told, what goes out, and what is on record of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from qsignhub.ceremonies.notices import NoticeKind
from qsignhub.foundation.scope import Scope
from qsignhub.signature_requests.model import SignatureType

MessageChannel: TypeAlias = Literal["email", "sms"]

MessageStatus: TypeAlias = Literal["waiting", "sent", "stored", "failed"]
"""waiting: not sent yet; sent: taken by the mail server (live); stored: in the outbox (test)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is on record of a message; one for each notice and channel."""

    id: str
    scope: Scope
    notice_id: str
    kind: NoticeKind
    channel: MessageChannel
    request_id: str
    signer_id: str
    to: str | None
    """An e-mail address, or a phone number in E.164 form; None where the signer has no phone."""
    status: MessageStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Matter:
    """What a message speaks of. All but the link comes from people, and is shown, never obeyed."""

    kind: NoticeKind
    sandbox: bool
    account_name: str
    signer_name: str
    document_name: str
    signature_type: SignatureType
    open_until: datetime
    link: str
    note: str | None
    """The sender's own words: with a cancellation the reason."""


@dataclass(frozen=True, slots=True)
class Content:
    subject: str | None
    """None for a text message."""
    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with its address, as a sender takes it."""

    id: str
    scope: Scope
    notice_id: str
    to: str
    content: Content


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message of the outbox, as it can be read."""

    message: Message
    content: Content
