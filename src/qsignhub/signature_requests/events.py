"""What is told of a request: the payloads of its events, as the contract prints them."""

from __future__ import annotations

from typing import Any

from qsignhub.foundation.clock import iso
from qsignhub.foundation.database import Transaction
from qsignhub.foundation.events import Events
from qsignhub.foundation.file_links import FileLinks
from qsignhub.signature_requests.model import SIGNED_FILE, SignatureRequest, Signer


def signed_document_path(request: SignatureRequest) -> str:
    name, _ = SIGNED_FILE[request.format, request.packaging]
    return f"/docs/{request.id}/{name}"


def audit_trail_path(request_id: str) -> str:
    return f"/audit/{request_id}.pdf"


class Announcements:
    def __init__(self, events: Events, file_links: FileLinks) -> None:
        self._events = events
        self._file_links = file_links

    async def request(self, tx: Transaction, event_type: str, request: SignatureRequest) -> None:
        await self._events.publish(
            tx, request.scope, event_type, {"signature_request": self._summary(request)}
        )

    async def signer(
        self, tx: Transaction, event_type: str, request: SignatureRequest, signer: Signer
    ) -> None:
        told = {"id": signer.id, "name": signer.name, "email": signer.email, "status": signer.status}
        if signer.signed_at is not None:
            told["signed_at"] = iso(signer.signed_at)
        await self._events.publish(
            tx, request.scope, event_type, {"signature_request": self._summary(request), "signer": told}
        )

    def _summary(self, request: SignatureRequest) -> dict[str, Any]:
        summary: dict[str, Any] = {"id": request.id, "status": request.status}
        if request.status == "completed":
            summary["signed_document_url"] = self._file_links.url(
                request.scope, signed_document_path(request)
            )
        return summary | {"metadata": dict(request.metadata)}
