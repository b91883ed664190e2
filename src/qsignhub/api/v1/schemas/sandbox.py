"""What only test keys see: the test world's clock, and what would have been sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from qsignhub.api.v1.schemas.values import Absent, Given, Instant, RequestId, SignerId, Taken, WholeNumber


class ClockAdvance(Taken):
    seconds: Annotated[
        StrictInt, Field(ge=1, le=31_536_000, description="How far; there is no way back."), WholeNumber
    ]


class TestClock(Given):
    __test__ = False  # the name is the API's: nothing for pytest to collect

    ahead_seconds: Annotated[int, Field(ge=0, description="Of the real time.")]
    now: Annotated[Instant, Field(description="The account's time in the test world.")]


class SandboxMessage(Given):
    id: str
    kind: Literal["invitation", "reminder", "cancellation"]
    channel: Literal["email", "sms"]
    to: str
    subject: Annotated[str | None, Field(description="Of a mail.")]
    text: str
    html: Annotated[str | Absent, Field(description="Of a mail.")] = None
    request_id: RequestId
    signer_id: SignerId
    created_at: Instant


class MessageList(Given):
    """Mails and text messages of the test world: kept here, never sent."""

    data: list[SandboxMessage]
    next_cursor: str | None
