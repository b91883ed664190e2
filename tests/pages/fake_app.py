"""The pages on a stage: real templates, routes and errors over ceremonies that live in memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from qsignhub.ceremonies.authorisation import Entered, Offer
from qsignhub.ceremonies.errors import (
    ConfirmationUnknown,
    IdentityNotVerified,
    LinkSpent,
    LinkUnknown,
    NotYourTurn,
    RequestClosed,
    SignerSecretMissing,
)
from qsignhub.ceremonies.journal import Step
from qsignhub.ceremonies.service import Session
from qsignhub.ceremonies.trust import Demand
from qsignhub.ceremonies.visible import written_of
from qsignhub.documents.inspection import render_page
from qsignhub.documents.model import Document
from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.ids import new_token
from qsignhub.foundation.scope import Mode, Scope
from qsignhub.identity.adapters.sandbox import SandboxIdentityProvider
from qsignhub.identity.model import Applicant
from qsignhub.pages.routes import router
from qsignhub.pages.views import STEPS
from qsignhub.signature_requests.model import (
    SignatureRequest,
    SignatureTimestamp,
    Signer,
    SigningCertificate,
)
from qsignhub.signature_requests.states import SignerEvent, SignerStatus, advance_signer
from tests.pdfs import pages_pdf

NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
CERTIFICATE = SigningCertificate(
    "QSignHub SANDBOX Issuing CA",
    "3A:F2:9C:11:00:BB:EE:44",
    "2026-11-24",
    "2026-11-25",
    False,
    "QSignHub SANDBOX",
)
TIMESTAMP = SignatureTimestamp("2026-11-24T10:02:11.321Z", "QSignHub SANDBOX TSA", "sha256:" + "e3b0c442" * 8)


def a_signer(
    name: str = "Anna Kowalska", status: SignerStatus = "pending_verification", order: int = 1
) -> Signer:
    return Signer(
        id=f"sgn_{order:012}",
        position=order - 1,
        order=order,
        name=name,
        email=f"signer{order}@company.example",
        phone=None,
        locale=None,
        identity_method="video_id",
        identity_country=None,
        test_document=None,
        status=status,
        failure_code=None,
        failure_message=None,
        link_token=new_token(),
        invited_at=None,
        signed_at=NOW if status == "signed" else None,
        certificate=CERTIFICATE if status == "signed" else None,
        timestamp=TIMESTAMP if status == "signed" else None,
    )


def a_request(*signers: Signer, mode: Mode = "test", **changes: Any) -> SignatureRequest:
    request = SignatureRequest(
        id="sreq_7Yx4kP9nQ3mB2wR1",
        scope=Scope("acc_1", mode),
        document_id="doc_9Xk3mN7pQr2vT8wL",
        status="pending",
        signature_type="qes",
        signing_order="sequential",
        format="pades",
        packaging="enveloped",
        redirect_url=None,
        fields=(),
        metadata={},
        link_token=new_token(),
        created_at=NOW,
        expires_at=NOW + timedelta(days=30),
        completed_at=None,
        cancelled_at=None,
        cancel_reason=None,
        signers=signers or (a_signer(),),
    )
    return replace(request, **changes)


def a_document(name: str = "Q1 2025 Service Agreement", pages: int | None = 4) -> Document:
    return Document(
        id="doc_9Xk3mN7pQr2vT8wL",
        name=name,
        locale=None,
        mime_type="application/pdf",
        size_bytes=248_320,
        pages=pages,
        sha256="a4b1c2d3" * 8,
        blob_key="documents/test/doc/original",
        preview_key=None,
        created_at=NOW,
        expires_at=NOW + timedelta(days=90),
    )


@dataclass
class FakeServices:
    """The part of ``Services`` that pages use. ``fault`` is raised by whatever is asked next."""

    folder: Path
    request: SignatureRequest = field(default_factory=a_request)
    document: Document = field(default_factory=a_document)
    step: Step | None = None
    fault: Exception | None = None
    consents: list[tuple[str | None, str | None]] = field(default_factory=list)
    entered: list[tuple[str | None, str | None]] = field(default_factory=list)
    written: list[str | None] = field(default_factory=list)
    rendered: list[tuple[int, int]] = field(default_factory=list)
    demand: Demand = field(default_factory=Demand)
    no_offer: Exception | None = None
    otps: list[str] = field(default_factory=list)
    awaited: bool = False
    refusal: str | None = None
    base_url: str = "http://127.0.0.1"

    def __post_init__(self) -> None:
        self.clock = SettableClock(NOW)
        self._identity = SandboxIdentityProvider(self.clock)
        self._pdf = self.folder / "document.pdf"
        content = pages_pdf(self.document.pages or 1)
        self._pdf.write_bytes(content)
        self.document = replace(self.document, size_bytes=len(content))

    # One object stands for every room: the pages ask each for one thing only.
    settings = database = ceremonies = documents = blobs = file_links = property(lambda self: self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield

    async def session(self, _tx: None, token: str) -> Session:
        signer = self._signer(token)
        step = self.step if signer.status == "signing" else None
        over = self.request.status in {"expired", "cancelled"} or self.request.expires_at <= NOW
        return Session(
            self.request,
            signer,
            self.document,
            self.request.is_turn_of(signer),
            over,
            step,
            self.awaited,
            self.refusal,
        )

    async def overview(self, _tx: None, token: str) -> tuple[SignatureRequest, Document]:
        if token != self.request.link_token:
            raise LinkUnknown("This signing link is not known.")
        return self.request, self.document

    async def verify_identity(self, _tx: None, token: str, document_number: str) -> None:
        signer = self._act(token)
        answer = await self._identity.verify(Applicant(signer.name, None), document_number, "video_id")
        event: SignerEvent = "identity_failed" if answer.failure_reason else "identity_verified"
        self.change(
            signer,
            status=advance_signer(signer.status, event),
            failure_code="IDENTITY_VERIFICATION_FAILED" if answer.failure_reason else None,
            failure_message=answer.failure_reason,
        )

    async def offer(self, _session: Session) -> Offer:
        if self.no_offer is not None:
            raise self.no_offer
        return Offer("alpha", self.demand)

    async def send_otp(self, session: Session) -> None:
        self.otps.append(session.signer.id)

    async def to_confirm(self, _tx: None, token: str) -> str:
        return self._act(token).id

    async def confirmation_address(self, _wanted: str) -> str:
        return "https://qtsp.example/confirm"

    async def confirmed(self, _tx: None, state: str, _code: str | None) -> str:
        if state != "known":
            raise ConfirmationUnknown("Nobody expects this.")
        return self.request.signers[0].link_token

    async def consent(
        self,
        _tx: None,
        token: str,
        *,
        offer: Offer | None,
        entered: Entered,
        written: str | None,
        ip_address: str | None,
        user_agent: str | None,
    ) -> None:
        signer = self._act(token)
        wanted = (("pin", self.demand.pin, entered.pin), ("otp", self.demand.otp != "none", entered.otp))
        for name, is_wanted, value in wanted:
            if is_wanted and not value:
                raise SignerSecretMissing("Enter it.", field=name)
        if signer.status == "signing":
            return
        if signer.status not in {"verified", "pending_signature"}:
            raise IdentityNotVerified("Identity comes first.")
        self.written.append(written if written_of(written, signer) else None)
        self.consents.append((ip_address, user_agent))
        self.entered.append((entered.pin, entered.otp))
        self.step = "authorised"
        self.change(signer, status="signing")

    async def render_page(self, _document: Document, page: int, width: int) -> bytes:
        self.rendered.append((page, width))
        return render_page(self._pdf, page - 1, width)

    async def stream(self, _key: str) -> AsyncIterator[bytes]:
        yield self._pdf.read_bytes()

    def url(self, _scope: Scope, path: str) -> str:
        return f"{self.base_url}{path}?expires=1&signature=00"

    def change(self, signer: Signer, **changes: Any) -> None:
        changed = replace(signer, **changes)
        signers = tuple(changed if other.id == signer.id else other for other in self.request.signers)
        self.request = replace(self.request, signers=signers)

    def finish_signing(self, signer: Signer, *, completed: bool = True) -> None:
        self.change(signer, status="signed", signed_at=NOW, certificate=CERTIFICATE, timestamp=TIMESTAMP)
        self.request = replace(
            self.request,
            status="completed" if completed else "in_progress",
            completed_at=NOW if completed else None,
        )

    def _signer(self, token: str) -> Signer:
        if self.fault is not None:
            raise self.fault
        found = [signer for signer in self.request.signers if signer.link_token == token]
        if not found:
            raise LinkUnknown("This signing link is not known.")
        return found[0]

    def _act(self, token: str) -> Signer:
        signer = self._signer(token)
        if signer.status == "signed":
            raise LinkSpent("Signed already.")
        if self.request.status in {"expired", "cancelled"} or self.request.expires_at <= self.clock.now():
            raise RequestClosed("Closed.")
        if not self.request.is_turn_of(signer):
            raise NotYourTurn("Somebody else signs before you.")
        return signer


def fake_app(services: FakeServices) -> FastAPI:
    app = FastAPI()
    app.state.services = services
    app.include_router(router())
    return app


@asynccontextmanager
async def asking(services: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the pages without a network, and follows no redirect by itself."""
    transport = httpx.ASGITransport(app=fake_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=services.base_url) as client:
        yield client


@contextmanager
def served(services: FakeServices) -> Iterator[str]:
    """The pages on a port of loopback; yields their base URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        services.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(fake_app(services), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield services.base_url
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def advance(services: FakeServices) -> bool:
    """One step of the signing cycle, as the worker would do it; False at the end."""
    signing = [signer for signer in services.request.signers if signer.status == "signing"]
    if not signing or services.step is None:
        return False
    index = STEPS.index(services.step) + 1
    if index < len(STEPS) - 1:
        services.step = STEPS[index]
        return True
    services.step = None
    services.finish_signing(signing[0])
    return False
