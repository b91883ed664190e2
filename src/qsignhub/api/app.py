"""The ASGI application: API, files, trust services and pages over one set of services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from qsignhub.api import errors, files, health, pki, sandbox_specimens
from qsignhub.api.context import RequestId
from qsignhub.api.v1 import documents, signature_requests, validation
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
    )
    app.state.docs_url = docs_url.rstrip("/")
    errors.install(app)
    for router in (
        documents.router,
        signature_requests.router,
        validation.router,
        files.router,
        pki.router,
        sandbox_specimens.router,
        health.router,
    ):
        app.include_router(router)
    if pages is not None:
        app.include_router(pages)
    app.add_middleware(RequestId)
    return app
