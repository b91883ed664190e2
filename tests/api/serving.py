"""The whole application in this process, spoken to by HTTP without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services
from qsignhub.pages.routes import router


def application(services: Services) -> FastAPI:
    def opened() -> None:
        raise AssertionError("the services are open already")

    app = create_app(opened, docs_url=services.settings.docs_base, pages=router())  # type: ignore[arg-type]
    app.state.services = services
    return app


@asynccontextmanager
async def asking(
    app: FastAPI, *, peer: str = "127.0.0.1", key: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(peer, 50_000), raise_app_exceptions=False)
    headers = {"X-API-Key": key} if key else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
        yield client


async def new_key(services: Services, mode: str = "test") -> str:
    async with services.database.transaction() as tx:
        scope = await services.accounts.scope_of(tx, "default", mode)  # type: ignore[arg-type]
        return await services.accounts.create_key(tx, scope)
