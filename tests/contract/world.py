"""The service as the contract prints it: its hosts, its moments of 15 January 2025, its account's plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.jobs import JobRunner
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.settings import Settings
from tests.api.serving import application
from tests.contract import printed
from tests.contract.agreement import service_agreement

API = "https://api.qsignhub.io"
UPLOADED = datetime(2025, 1, 15, 10, 30, 0, tzinfo=UTC)
CREATED = datetime(2025, 1, 15, 10, 34, 22, tzinfo=UTC)
VERIFIED = datetime(2025, 1, 15, 10, 58, 12, tzinfo=UTC)
SIGNED = datetime(2025, 1, 15, 11, 2, 44, tzinfo=UTC)
TIMESTAMPED = datetime(2025, 1, 15, 11, 2, 45, 321_000, tzinfo=UTC)
COMPLETED = datetime(2025, 1, 15, 11, 2, 46, tzinfo=UTC)
_PATIENCE = 60


class PrintedClock(SettableClock):
    """Stands at a printed moment until the next one; like any clock it never goes back."""

    def at(self, moment: datetime) -> None:
        self.advance(max(moment - self.now(), timedelta(0)))


@dataclass
class World:
    services: Services
    clock: PrintedClock
    app: FastAPI
    client: httpx.AsyncClient
    """Speaks with a test key of an account on the Startup plan."""
    key: str
    during: dict[str, datetime] = field(default_factory=dict)
    """What time it is at a checkpoint of the signing cycle, e.g. ``before timestamp``."""

    async def new_key(self, mode: Mode = "test", account: str = "printed", tier: str | None = None) -> str:
        async with self.services.database.transaction() as tx:
            scope = await self.services.accounts.scope_of(tx, account, mode, tier)
            return await self.services.accounts.create_key(tx, scope)

    async def scope(self, mode: Mode = "test") -> Scope:
        async with self.services.database.transaction() as tx:
            return await self.services.accounts.scope_of(tx, "printed", mode)

    async def add_endpoint(self, url: str) -> str:
        """Returns the endpoint's secret."""
        scope = await self.scope()
        async with self.services.database.transaction() as tx:
            return await self.services.webhooks.add_endpoint(tx, scope, url)

    async def upload(self, content: bytes | None = None, **fields: str) -> dict[str, Any]:
        files = {"file": ("service_agreement.pdf", content or service_agreement())}
        return self.told(await self.client.post("/v1/documents", files=files, data=fields), 201)

    async def request(self, *emails: str, **fields: Any) -> dict[str, Any]:
        """A request on a fresh document, one signer an address."""
        signers = [{"name": f"Signer {number}", "email": email} for number, email in enumerate(emails, 1)]
        body = {"document_id": (await self.upload())["id"], "signers": signers, **fields}
        return self.told(await self.client.post("/v1/signature-requests", json=body), 201)

    async def printed_request(self) -> dict[str, Any]:
        """The contract's request, as printed but for the document's id."""
        document = await self.upload(name="Q1 2025 Service Agreement", locale="en-GB")
        self.clock.at(CREATED)
        body = printed.example("04-create-request.json") | {"document_id": document["id"]}
        return self.told(await self.client.post("/v1/signature-requests", json=body), 201)

    async def signed_request(self) -> dict[str, Any]:
        """The printed request, signed by both of its signers at the printed moments."""
        created = await self.printed_request()
        anna, john = (signer["signing_url"] for signer in created["signers"])
        self.during = {"before timestamp": TIMESTAMPED, "before complete": COMPLETED}
        self.clock.at(VERIFIED)
        await self.identify(anna)
        self.clock.at(SIGNED)
        await self.sign(anna)
        await self.wait_for(created["id"], "in_progress")
        await self.identify(john)
        await self.sign(john)
        await self.wait_for(created["id"], "completed")
        return created

    async def identify(self, signing_url: str, number: str = "AZE123456") -> None:
        answer = await self.client.post(f"{signing_url}/identify", data={"document_number": number})
        assert answer.status_code == 303, answer.text

    async def sign(self, signing_url: str) -> None:
        answer = await self.client.post(f"{signing_url}/sign")
        assert answer.status_code == 303, answer.text

    async def get(self, path: str) -> dict[str, Any]:
        return self.told(await self.client.get(path), 200)

    async def messages(self, request_id: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """What the outbox has of a kind, at least ``count``: jobs put them there."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                found = (await self.get(f"/v1/sandbox/messages?request_id={request_id}"))["data"]
                chosen = [message for message in found if message["kind"] == kind]
                if len(chosen) >= count:
                    return chosen
                await asyncio.sleep(0.1)

    @staticmethod
    def told(answer: httpx.Response, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def wait_for(self, request_id: str, status: str) -> None:
        await self._wait(request_id, lambda request: request.status == status)

    async def wait_for_signer(self, request_id: str, status: str) -> None:
        """Until the first signer has this status."""
        await self._wait(request_id, lambda request: request.signers[0].status == status)

    async def _wait(self, request_id: str, reached: Callable[[Any], bool]) -> None:
        scope = await self.scope()
        async with asyncio.timeout(_PATIENCE):
            while not reached(await self.services.signature_requests.look_up(scope, request_id)):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def opened_world(folder: Path, conninfo: str) -> AsyncIterator[World]:
    """The services with a worker beside them, at 10:30 on the printed day."""
    clock = PrintedClock(UPLOADED)

    def checkpoint(name: str) -> None:
        if (moment := world.during.get(name)) is not None:
            clock.at(moment)

    settings = Settings(
        data_dir=folder,
        base_url=API,
        files_url="https://cdn.qsignhub.io",
        signing_url="https://sign.qsignhub.io",
        docs_url="https://docs.qsignhub.io",
        webhook_allow_private=True,
        job_lease_seconds=5,
    )
    async with open_services(settings, conninfo, Overrides(clock=clock, checkpoint=checkpoint)) as services:
        app = application(services)
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=API) as client:
            world = World(services, clock, app, client, "")
            world.key = client.headers["X-API-Key"] = await world.new_key()
            runner = JobRunner(
                services.database,
                services.job_handlers,
                lease=settings.job_lease,
                poll=timedelta(milliseconds=100),
            )
            working = asyncio.create_task(runner.run())
            try:
                yield world
            finally:
                runner.stop()
                with suppress(TimeoutError):
                    await asyncio.wait_for(working, 20)
