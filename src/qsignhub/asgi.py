"""The ASGI application, API, pages and documentation: ``uvicorn --factory qsignhub.asgi:create``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services, open_services
from qsignhub.docs import routes as docs
from qsignhub.pages import routes as pages
from qsignhub.settings import Settings


def create() -> FastAPI:
    """By the settings in the environment; the database is migrated already."""
    settings = Settings()
    settings.configure_logging()
    conninfo = settings.required_database_url()

    def opened() -> AbstractAsyncContextManager[Services]:
        return open_services(settings, conninfo)

    for_people = APIRouter()
    for_people.include_router(pages.router())
    for_people.include_router(docs.router)
    return create_app(opened, docs_url=settings.docs_base, pages=for_people)
