"""The ASGI application: API, files, trust services and pages over one set of services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from qsignhub.api import errors, files, health, jwks, metrics, observation, pki, sandbox_specimens
from qsignhub.api.admission import AtTheDoor
from qsignhub.api.context import RequestId
from qsignhub.api.openapi import document
from qsignhub.api.v1 import (
    certificates,
    documents,
    idp,
    sandbox,
    signature_requests,
    signers,
    test_clock,
    validation,
)
from qsignhub.bootstrap import Services

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]


def create_app(open_services: OpenServices, *, docs_url: str, pages: APIRouter | None = None) -> FastAPI:
    """``open_services`` is entered when the server starts and left when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            warming = asyncio.create_task(services.inspector.warm())  # the first upload finds it ready
            yield
            await asyncio.gather(warming, return_exceptions=True)

    app = FastAPI(
        title="QSignHub",
        version="1",
        summary="Electronic signatures under eIDAS through one REST API",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,  # one address for each thing; a Host header could lead a redirect astray
    )
    app.state.docs_url = docs_url.rstrip("/")
    errors.install(app)
    for router in (
        signature_requests.often,
        signature_requests.router,
        documents.router,
        signers.router,
        certificates.router,
        test_clock.router,
        validation.router,
        idp.router,
        sandbox.router,
        files.router,
        pki.router,
        jwks.router,
        sandbox_specimens.router,
    ):
        app.include_router(router)
    document.install(app)
    if pages is not None:
        app.include_router(pages)
    app.include_router(health.router)  # after the pages: to a browser /ready is one of theirs
    app.add_middleware(AtTheDoor)
    app.add_middleware(RequestId)
    observation.install(app)
    metrics.install(app)
    return app
