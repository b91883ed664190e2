"""Errors become HTTP in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from qsignhub.api.app import create_app
from qsignhub.bootstrap import Services
from qsignhub.foundation.errors import TooMany


@pytest.mark.parametrize(("retry_after", "told"), [(17, 17), (0, 1), (-3, 1)])
async def test_case_70_too_many_says_when_to_come_back(
    services: Services, retry_after: int, told: int
) -> None:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield services

    app = create_app(opened, docs_url="https://docs.example")

    @app.get("/crowded")
    async def crowded() -> None:
        raise TooMany("Too many at once.", field="file", retry_after=retry_after)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/crowded")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(told)
    error = answer.json()["error"]
    assert (error["code"], error["field"], error["retry_after"]) == ("RATE_LIMITED", "file", told)
