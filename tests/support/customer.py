"""An account of a live service, its keys, and what its owner does by HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from qsignhub.accounts.model import KeyRules
from qsignhub.accounts.service import Accounts
from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.engine import running_conninfo
from qsignhub.foundation.scope import Mode
from tests.pdfs import one_page_pdf
from tests.support.live import PATIENCE_SECONDS, LiveService

_T = TypeVar("_T")
REQUESTS = "/v1/signature-requests"


def database_of(service: LiveService) -> str:
    """The conninfo of the service's engine: for what no route tells."""
    conninfo = running_conninfo(service.data_dir)
    assert conninfo is not None
    return conninfo


def new_keys(service: LiveService, wanted: Mapping[str, tuple[str, Mode, KeyRules]]) -> dict[str, str]:
    """Keys by whatever name they are wanted under: each of an account, in a mode, with rules."""

    async def make() -> dict[str, str]:
        accounts, database = Accounts(SystemClock()), Database(database_of(service), connections=1)
        await database.open()
        try:
            async with database.transaction() as tx:
                return {
                    name: await accounts.create_key(
                        tx, await accounts.scope_of(tx, account, mode, "enterprise"), rules
                    )
                    for name, (account, mode, rules) in wanted.items()
                }
        finally:
            await database.close()

    return asyncio.run(make())


def customer(service: LiveService, account: str, mode: Mode = "test") -> Customer:
    """A fresh key of an account, which is made if it is not there: tests with a clock want their own."""
    keys = new_keys(service, {"key": (account, mode, KeyRules())})
    return Customer(service.client_of(keys["key"]))


def person(email: str = "anna.kowalska@company.example", **fields: Any) -> dict[str, Any]:
    return {"name": "Anna Kowalska", "email": email, **fields}


@dataclass
class Customer:
    client: httpx.Client

    def upload(self, content: bytes | None = None, name: str = "contract.pdf") -> dict[str, Any]:
        answer = self.client.post("/v1/documents", files={"file": (name, content or one_page_pdf())})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def ask_for(self, *signers: dict[str, Any], dry_run: bool = False, **fields: Any) -> httpx.Response:
        """Asks for a request on a fresh document, if ``fields`` name no other."""
        body = {"document_id": fields.pop("document_id", None) or self.upload()["id"], "signers": signers}
        return self.client.post(REQUESTS, params={"dry_run": dry_run} if dry_run else {}, json=body | fields)

    def request(self, *signers: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = self.ask_for(*signers, **fields)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def get(self, request_id: str) -> dict[str, Any]:
        answer = self.client.get(f"{REQUESTS}/{request_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def cancel(self, request_id: str, **body: Any) -> httpx.Response:
        return self.client.request("DELETE", f"{REQUESTS}/{request_id}", json=body or None)

    def add(self, request_id: str, signer: dict[str, Any]) -> httpx.Response:
        return self.client.post(f"{REQUESTS}/{request_id}/signers", json=signer)

    def remind(self, request_id: str, signer_id: str, **body: Any) -> httpx.Response:
        return self.client.post(f"{REQUESTS}/{request_id}/signers/{signer_id}/remind", json=body)

    def verification(self, request: dict[str, Any], position: int = 0) -> dict[str, Any]:
        signer_id = request["signers"][position]["id"]
        answer = self.client.get(f"{REQUESTS}/{request['id']}/signers/{signer_id}/verification")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def advance(self, **by: float) -> None:
        """Moves the account's test clock ahead: ``days=31``."""
        seconds = int(by.get("days", 0) * 86_400 + by.get("seconds", 0))
        answer = self.client.post("/v1/test-clock/advance", json={"seconds": seconds})
        assert answer.status_code == 200, answer.text

    def messages(self, **filters: str) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/sandbox/messages", params={"limit": 100, **filters})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    def wait_for(self, request_id: str, status: str = "completed") -> dict[str, Any]:
        return wait_until(lambda: self.get(request_id), lambda found: found["status"] == status)

    def wait_for_signer(self, request_id: str, status: str, position: int = 0) -> dict[str, Any]:
        found = wait_until(
            lambda: self.get(request_id), lambda found: found["signers"][position]["status"] == status
        )
        return dict(found["signers"][position])

    def wait_for_messages(self, count: int, **filters: str) -> list[dict[str, Any]]:
        return wait_until(lambda: self.messages(**filters), lambda found: len(found) >= count)


def wait_until(ask: Callable[[], _T], there: Callable[[_T], bool]) -> _T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there(found := ask()):
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.05)
    return found
