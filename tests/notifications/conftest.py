from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies.notices import Channel, NoticeKind, Notices
from qsignhub.foundation.database import Row, fetch_all
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.notifications.ports import MailSender
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import NewSignatureRequest, NewSigner, SignatureRequest
from tests.support.making import make_document, make_scope


@dataclass(frozen=True)
class QueuedJob:
    name: str
    payload: dict[str, Any]


@dataclass
class House:
    """The real services, whose notices are run by hand, a transaction a job."""

    services: Services
    scope: Scope

    async def request(self, *signers: NewSigner, order: str = "parallel") -> SignatureRequest:
        document = await make_document(self.services, self.scope)
        new = NewSignatureRequest(document.id, signers, signing_order=order)  # type: ignore[arg-type]
        async with self.services.database.transaction() as tx:
            return await self.services.ceremonies.open(tx, self.scope, new)

    async def tell(
        self,
        kind: NoticeKind,
        request: SignatureRequest,
        *,
        channel: Channel = "email",
        message: str | None = None,
    ) -> None:
        async with self.services.database.transaction() as tx:
            await Notices(Jobs()).tell(
                tx, kind, request, request.signers[0], channel=channel, message=message
            )

    async def jobs(self) -> list[QueuedJob]:
        """This room's jobs, from the queue, in the order in which they were written."""
        rows = await self.rows(
            "SELECT entrypoint, payload FROM pgqueuer WHERE starts_with(entrypoint, 'notifications.')"
            " ORDER BY id"
        )
        return [QueuedJob(row["entrypoint"], json.loads(bytes(row["payload"]))) for row in rows]

    async def run(self, job: QueuedJob) -> None:
        async with self.services.database.transaction() as tx:
            await self.services.job_handlers[job.name].run(tx, job.payload)

    async def run_all(self) -> None:
        """Every job there is, also those that come of another."""
        done = 0
        while len(jobs := await self.jobs()) > done:
            for job in jobs[done:]:
                await self.run(job)
            done = len(jobs)

    async def delivery(self) -> QueuedJob:
        """Puts the notice on record; the job that is to send it."""
        (notice,) = await self.jobs()
        await self.run(notice)
        _, delivery = await self.jobs()
        return delivery

    async def rows(self, statement: Any, *values: object) -> list[Row]:
        async with self.services.database.transaction() as tx:
            return await fetch_all(tx, statement, values)

    async def messages(self) -> list[Row]:
        return await self.rows("SELECT * FROM messages ORDER BY created_at, id")


OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def open_house(tmp_path: Path, conninfo: str) -> OpenHouse:
    """Live mode signs with the sandbox's trust service here: what is sent does not depend on it."""

    @asynccontextmanager
    async def opened(
        mode: Mode = "live", *, smtp_url: str | None = None, mail: MailSender | None = None
    ) -> AsyncIterator[House]:
        settings = Settings(data_dir=tmp_path, smtp_url=smtp_url, signing_url="https://sign.example/")
        overrides = Overrides(live_trust=lambda sandbox: sandbox, mail=mail)
        async with open_services(settings, conninfo, overrides) as services:
            yield House(services, await make_scope(services, "Kowalska & Partners", mode))

    return opened
