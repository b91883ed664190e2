"""The journey: upload, request, two signatures, webhook, download, validation. HTTP only."""

from __future__ import annotations

import queue
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from qsignhub.cli.demo.page import Person
from qsignhub.cli.demo.receiver import Receiver

_WEBHOOK_SECONDS = 60.0
Tell = Callable[[str, str], None]
"""Told after each step: its name, and what came of it."""


class JourneyFailed(Exception):
    """A step did not hold; the message says which and what came instead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    signed_pdf: bytes
    root_pem: str
    validation: dict[str, Any]


class Journey:
    def __init__(self, base_url: str, api_key: str, receiver: Receiver, tell: Tell) -> None:
        self._api = httpx.Client(base_url=base_url, headers={"X-API-Key": api_key}, timeout=60)
        self._receiver = receiver
        self._tell = tell

    def run(self, contract: Path, fields: Sequence[Mapping[str, Any]] = ()) -> Outcome:
        """``fields``: where the signatures are shown, as the API takes them; none for invisible ones."""
        document = self._upload(contract)
        request = self._create_request(document["id"], fields)
        person = Person(request["signers"][1]["signing_url"])
        images = person.look_at_document()
        self._tell("Signer 2 reads", f"{images} page image{'s' if images != 1 else ''} on the signing page")
        person.show_identity_document("AZE123456")
        self._tell("Signer 2 identifies", "test document AZE123456 (mocked, sandbox)")
        person.sign()
        self._tell("Signer 2 signs", "one-time certificate, timestamp, B-LT")
        self._await_webhooks(request["id"])
        done = self._completed(request["id"])
        for number, signer in enumerate(done["signers"], 1):
            serial = signer["certificate"]["serial"]
            self._tell(f"Certificate {number}", f"{signer['certificate']['issuer']}, serial {serial[:23]}…")
        signed = self._download(request["id"])
        return Outcome(signed, self._root(), self._validate(signed))

    def _upload(self, contract: Path) -> dict[str, Any]:
        with contract.open("rb") as file:
            answer = self._api.post(
                "/v1/documents",
                files={"file": (contract.name, file, "application/pdf")},
                data={"name": contract.stem, "locale": "en-GB"},
            )
        document = _expect(answer, httpx.codes.CREATED)
        self._tell("Document uploaded", f"{document['id']}, {document['pages']} pages")
        return document

    def _create_request(self, document_id: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        answer = self._api.post(
            "/v1/signature-requests",
            json={
                "document_id": document_id,
                "signature_type": "qes",
                "signing_order": "parallel",
                "signers": [
                    {"name": "Sam Success", "email": "sign.success@qsignhub-test.io"},
                    {"name": "Anna Kowalska", "email": "anna.kowalska@example.com", "locale": "en-GB"},
                ],
                "fields": list(fields),
                "metadata": {"contract_id": "CNT-2025-0042"},
            },
        )
        request = _expect(answer, httpx.codes.CREATED)
        self._tell("Signature request created", f"{request['id']}, two signers in parallel")
        return request

    def _await_webhooks(self, request_id: str) -> None:
        try:
            event = self._receiver.wait_for("signature_request.completed", _WEBHOOK_SECONDS)
        except queue.Empty:
            raise JourneyFailed("No signature_request.completed webhook came.") from None
        told = event["data"]["signature_request"]
        if told["id"] != request_id or told["metadata"] != {"contract_id": "CNT-2025-0042"}:
            raise JourneyFailed(f"The webhook tells of something else: {told}")
        signed = self._receiver.seen.count("signer.signed")
        if signed != 2:
            raise JourneyFailed(f"{signed} signer.signed webhooks came instead of 2.")
        self._tell("Webhook received", f"{event['type']}, HMAC-SHA256 verified")

    def _completed(self, request_id: str) -> dict[str, Any]:
        done = _expect(self._api.get(f"/v1/signature-requests/{request_id}"), httpx.codes.OK)
        if done["status"] != "completed":
            raise JourneyFailed(f"The request is {done['status']} instead of completed.")
        return done

    def _download(self, request_id: str) -> bytes:
        answer = self._api.get(f"/v1/signature-requests/{request_id}/download")
        if answer.status_code != httpx.codes.OK or not answer.content.startswith(b"%PDF-"):
            raise JourneyFailed(f"The download answered {answer.status_code}.")
        self._tell("Signed document downloaded", f"{len(answer.content):,} bytes")
        return answer.content

    def _root(self) -> str:
        answer = self._api.get("/pki/root.crt")
        answer.raise_for_status()
        return ssl.DER_cert_to_PEM_cert(answer.content)

    def _validate(self, signed: bytes) -> dict[str, Any]:
        answer = self._api.post("/v1/validate", files={"file": ("signed.pdf", signed, "application/pdf")})
        verdict = _expect(answer, httpx.codes.OK)
        if verdict["valid"] is not True or len(verdict["signatures"]) != 2:
            raise JourneyFailed(f"The signed document does not validate: {verdict}")
        self._tell("Validated", "2 signatures valid, document intact, timestamps valid")
        return verdict


def _expect(answer: httpx.Response, status: int) -> dict[str, Any]:
    if answer.status_code != status:
        raise JourneyFailed(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    body: dict[str, Any] = answer.json()
    return body
