"""What there is before the first generated request: documents and requests in every state, and their ids."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.fuzz.documents import SHEET, WORD, XML
from tests.pdfs import one_page_pdf, pages_pdf
from tests.support.live import PATIENCE_SECONDS, LiveService
from tests.support.making import FAIL, SUCCESS, TIMEOUT

_DAY = 24 * 60 * 60
_LISTS = ("/v1/documents", "/v1/signature-requests", "/v1/sandbox/messages")


@dataclass(frozen=True)
class World:
    api_key: str
    clock_key: str
    """Of another account: moving its clock leaves the first one's things as they are."""
    known: Mapping[str, list[str]]
    """By the name of the dictionary in schemathesis.toml."""

    owners: Mapping[str, str]
    """The request of each signer that is known."""

    def write(self, folder: Path) -> None:
        (folder / "owners.json").write_text(json.dumps(self.owners))
        for name, values in self.known.items():
            (folder / f"{name}.dict").write_text("".join(f'"{value}"\n' for value in values))


def build(service: LiveService) -> World:
    api_key, clock_key = service.new_key("fuzz"), service.new_key("fuzz-clock")
    there = _Account(service.client_of(api_key))
    over = there.upload(one_page_pdf())
    expired = there.request([TIMEOUT], expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    there.post("/v1/test-clock/advance", json={"seconds": 91 * _DAY})
    there.wait(expired["id"], "expired")

    pdf, other_pdf = there.upload(pages_pdf(3)), there.upload(one_page_pdf())
    word, sheet, xml = there.upload(WORD), there.upload(SHEET), there.upload(XML)
    deleted = there.upload(one_page_pdf())
    there.client.delete(f"/v1/documents/{deleted}").raise_for_status()

    completed = [there.request([SUCCESS], document) for document in (pdf, word, xml)]
    archived = there.request([SUCCESS, SUCCESS], pdf, signature_type="ses")
    waiting = [there.request([TIMEOUT, TIMEOUT], document) for document in (pdf, other_pdf, xml, sheet)]
    halfway = there.request([SUCCESS, TIMEOUT], pdf, signing_order="sequential")
    failed = there.request([FAIL], pdf)
    cancelled = there.request([TIMEOUT], pdf)
    there.client.delete(f"/v1/signature-requests/{cancelled['id']}").raise_for_status()
    for each in (*completed, archived):
        there.wait(each["id"], "completed")
    there.wait(halfway["id"], "in_progress")

    now = datetime.fromisoformat(there.client.get("/v1/test-clock").json()["now"])
    requests = [*completed, archived, *waiting, halfway, failed, cancelled, expired]
    signed = [
        there.client.get(f"/v1/signature-requests/{each['id']}").json() for each in (*completed, archived)
    ]
    pages = [there.client.get(path, params={"limit": 1}).json() for path in _LISTS]
    return World(
        api_key,
        clock_key,
        {
            "documents": [pdf, other_pdf, word, sheet, xml, deleted, over],
            "requests": [request["id"] for request in requests],
            "signers": [signer["id"] for request in requests for signer in request["signers"]],
            "serials": [signer["certificate"]["serial"] for each in signed for signer in each["signers"]],
            "cursors": [page["next_cursor"] for page in pages],
            "moments": [(now + timedelta(days=days)).isoformat() for days in (1, 30, 89)],
        },
        {signer["id"]: request["id"] for request in requests for signer in request["signers"]},
    )


class _Account:
    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def post(self, path: str, **content: Any) -> dict[str, Any]:
        answer = self.client.post(path, **content)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def upload(self, content: bytes) -> str:
        return str(self.post("/v1/documents", files={"file": ("file", content)})["id"])

    def request(self, emails: Iterable[str], document_id: str | None = None, **fields: Any) -> dict[str, Any]:
        signers = [{"name": "Anna Kowalska", "email": email} for email in emails]
        document_id = document_id or self.upload(one_page_pdf())
        return self.post(
            "/v1/signature-requests", json={"document_id": document_id, "signers": signers, **fields}
        )

    def wait(self, request_id: str, status: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.client.get(f"/v1/signature-requests/{request_id}").json())["status"] != status:
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.05)
