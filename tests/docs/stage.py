"""The documentation served over the real application, for reading by HTTP and by a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from fastapi import APIRouter, FastAPI

from qsignhub.accounts.admission import Admission
from qsignhub.accounts.errors import ApiKeyMissing
from qsignhub.accounts.model import ANONYMOUS_LIMIT, ANONYMOUS_TIER
from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services
from qsignhub.docs import routes as docs
from qsignhub.pages import routes as pages
from qsignhub.settings import Settings


async def _nothing() -> None: ...


async def _anybody(_key: str | None, _address: str) -> Admission:
    """A door that counts nobody, for counting takes a database."""
    return Admission(ANONYMOUS_TIER, ANONYMOUS_LIMIT, ANONYMOUS_LIMIT, 0, refusal=ApiKeyMissing("No key."))


def documentation(base_url: str = "http://127.0.0.1:8080") -> FastAPI:
    """The pages under /docs lean on nothing but the settings: no database is started for them."""
    services = SimpleNamespace(
        settings=Settings(base_url=base_url),
        inspector=SimpleNamespace(warm=_nothing),
        admissions=SimpleNamespace(admit=_anybody),
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield cast("Services", services)

    for_people = APIRouter()
    for_people.include_router(pages.router())
    for_people.include_router(docs.router)
    app = create_app(opened, docs_url=f"{base_url}/docs", pages=for_people)
    state: Any = app.state
    state.services = services
    return app
