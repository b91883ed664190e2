"""The ASGI application, API and pages: ``uvicorn --factory qsignhub.asgi:create``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services, open_services
from qsignhub.pages.routes import router
from qsignhub.settings import Settings


def create() -> FastAPI:
    """By the settings in the environment; the database is migrated already."""
    settings = Settings()
    settings.configure_logging()
    conninfo = settings.required_database_url()

    def opened() -> AbstractAsyncContextManager[Services]:
        return open_services(settings, conninfo)

    return create_app(opened, docs_url=settings.docs_base, pages=router())
