"""Live mode with two QTSPs that run in this process: what tests of it have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qsignhub.bootstrap import Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.authorisation import Entered
from qsignhub.ceremonies.service import Session
from qsignhub.foundation.ids import new_token
from qsignhub.settings import Settings
from qsignhub.signature_requests.model import (
    NewSignatureRequest,
    NewSigner,
    SignatureRequest,
    SignatureType,
)
from tests.ceremonies.test_faults import run_cycle
from tests.sandbox_qtsp.box import Box
from tests.support.making import make_document, make_scope

EMAIL = "anna@company.example"
PIN = Entered(pin="1234")


@dataclass(slots=True)
class Qtsps:
    alpha: Box
    beta: Box
    users: set[str] = field(default_factory=set)


@asynccontextmanager
async def live(settings: Settings, conninfo: str, trust: Path) -> AsyncIterator[Services]:
    async with open_services(settings.model_copy(update={"trust_file": trust}), conninfo) as services:
        yield services


async def requested(
    services: Services, *, email: str = EMAIL, signature_type: SignatureType = "qes", country: str = "PL"
) -> SignatureRequest:
    scope = await make_scope(services, mode="live")
    document = await make_document(services, scope)
    signer = NewSigner("Anna Kowalska", email, identity_country=country)
    new = NewSignatureRequest(document.id, (signer,), signature_type=signature_type)
    async with services.database.transaction() as tx:
        return await services.ceremonies.open(tx, scope, new)


async def agree(services: Services, request: SignatureRequest, entered: Entered = PIN) -> None:
    async with services.database.transaction() as tx:
        await services.ceremonies.consent(tx, request.signers[0].link_token, entered=entered)


async def chosen(services: Services, request: SignatureRequest) -> list[str | None]:
    async with services.database.transaction() as tx:
        return [signing.trust_service for signing in await journal.recorded_signings(tx, request)]


async def confirming(services: Services, box: Box) -> SignatureRequest:
    """A request whose signer has agreed and now has to confirm at the QTSP."""
    email = f"{new_token()[:8].lower()}@company.example"
    box.user(user_id=email, name="Carla Code", country="PL", pin="1234", auth_mode="oauth2code")
    request = await requested(services, email=email)
    await agree(services, request, Entered())
    await run_cycle(services, request)
    session = await session_of(services, request)
    assert (session.step, session.awaited) == ("prepared", True)
    return request


async def session_of(services: Services, request: SignatureRequest) -> Session:
    async with services.database.transaction() as tx:
        return await services.ceremonies.session(tx, request.signers[0].link_token)
