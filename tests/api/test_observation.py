"""One line and one count for each request, by the route's template, whatever becomes of the request."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request

from qsignhub.api.observation import CLIENT_GONE
from qsignhub.bootstrap import Services
from qsignhub.foundation.logs import JsonLines
from tests.api.serving import application, asking, new_key

SECRET = "4vK9mN3pQr7vT2wL8yE5uH1jA4cB6dF0"


@pytest.fixture
def app(services: Services) -> FastAPI:
    return application(services)


@pytest.fixture
def access(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, object]]]:
    """The fields of the access lines so far; a list that grows."""
    told: list[dict[str, object]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.fields)  # type: ignore[attr-defined]

    logger = logging.getLogger("qsignhub.access")
    handler = Keep()
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, "qsignhub.access")
    yield told
    logger.removeHandler(handler)


async def test_a_request_is_told_with_its_id_its_account_and_its_template(
    app: FastAPI, services: Services, access: list[dict[str, object]]
) -> None:
    async with asking(app, key=await new_key(services)) as client:
        answer = await client.get(f"/v1/signature-requests/sreq_{SECRET[:16]}?token={SECRET}")
    assert answer.status_code == 422
    (line,) = access
    assert isinstance(line.pop("duration_ms"), float)
    account = line.pop("account")
    assert str(account).startswith("acc_")
    assert line == {
        "request_id": answer.headers["x-request-id"],
        "method": "GET",
        "route": "/v1/signature-requests/{request_id}",
        "status": 422,
    }


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/s/{SECRET}", "/s/{token}", 404),
        ("GET", f"/s/{SECRET}/", "unmatched", 404),
        ("GET", f"/nothing/{SECRET}", "unmatched", 404),
        ("DELETE", f"/s/{SECRET}", "/s/{token}", 405),
        (SECRET, "/health", "/health", 405),
        ("GET", "/v1/signature-requests/x", "/v1/signature-requests/{request_id}", 401),
    ],
)
async def test_nothing_of_path_and_method_is_told_but_what_is_ours(
    app: FastAPI, access: list[dict[str, object]], method: str, path: str, route: str, status: int
) -> None:
    async with asking(app) as client:
        assert (await client.request(method, path)).status_code == status
        shown = (await client.get("/metrics")).text
    assert (access[0]["route"], access[0]["status"]) == (route, status)
    assert SECRET not in str(access)
    assert SECRET not in shown
    label = "other" if method == SECRET else method
    assert f'qsignhub_http_requests_total{{method="{label}",route="{route}",status="{status}"}} 1.0' in shown


async def test_an_unexpected_error_is_told_with_the_request_s_id_and_without_its_words(
    app: FastAPI, access: list[dict[str, object]]
) -> None:
    @app.get("/broken/{token}")
    async def broken(token: str) -> None:
        raise ValueError(token)

    printed = io.StringIO()
    handler = logging.StreamHandler(printed)
    handler.setFormatter(JsonLines())
    logging.getLogger("qsignhub").addHandler(handler)
    async with asking(app) as client:
        answer = await client.get(f"/broken/{SECRET}")
    logging.getLogger("qsignhub").removeHandler(handler)
    assert answer.status_code == 500
    error = json.loads(printed.getvalue().splitlines()[0])
    assert (error["level"], error["request_id"]) == ("ERROR", answer.headers["x-request-id"])
    assert "in broken" in error["error"]
    assert SECRET not in printed.getvalue()
    (line,) = access
    assert (line["route"], line["status"]) == ("/broken/{token}", 500)
    assert line["request_id"] == answer.json()["error"]["request_id"]


async def test_a_client_that_went_away_is_neither_success_nor_error(
    app: FastAPI, access: list[dict[str, object]]
) -> None:
    @app.post("/slow")
    async def slow(request: Request) -> None:
        await request.body()

    scope = {"type": "http", "method": "POST", "path": "/slow", "headers": [], "query_string": b""}

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def unheard(_: object) -> None:
        raise AssertionError("nobody listens")

    await app(scope, gone, unheard)
    assert access[0]["status"] == CLIENT_GONE


async def test_requests_at_once_keep_their_ids_apart(app: FastAPI, access: list[dict[str, object]]) -> None:
    async with asking(app) as client:
        answers = await asyncio.gather(*(client.get("/ready") for _ in range(10)))
    assert {line["request_id"] for line in access} == {a.headers["x-request-id"] for a in answers}
