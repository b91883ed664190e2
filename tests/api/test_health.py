"""/health and /ready, for programs and for people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsignhub.bootstrap import Services
from qsignhub.foundation.readiness import Probe
from tests.api.serving import application, asking

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_ready_names_every_part_and_what_it_does_without(services: Services) -> None:
    async with asking(application(services)) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        answer = await client.get("/ready")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["status"] == "ready"
    parts = answer.json()["parts"]
    for name in ("database", "storage", "custody (test)", "timestamps (test)", "revocation (test)"):
        assert parts[name] == {"status": "ok", "essential": True}
    assert parts["trust service (live)"]["code"] == "NOT_CONFIGURED"
    assert parts["mail"]["status"] == "degraded"
    assert "QSIGNHUB_SMTP_URL" in parts["mail"]["reason"]


async def test_without_the_database_it_is_not_ready_though_up(services: Services) -> None:
    async with asking(application(services)) as client:
        await services.database.close()
        answer = await client.get("/ready")
        assert (await client.get("/health")).status_code == 200
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["parts"]["database"]["status"] == "failed"
    assert answer.json()["parts"]["storage"]["status"] == "ok"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [(BROWSER, "text/html"), ("*/*", "application/json"), ("application/json", "application/json")],
)
async def test_a_browser_gets_a_page(services: Services, accept: str, media_type: str) -> None:
    async with asking(application(services)) as client:
        answer = await client.get("/ready", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)


async def test_the_page_tells_what_is_wrong_and_is_503_too(services: Services) -> None:
    async def down() -> None:
        raise OSError("a secret place")

    house = replace(services, probes={**services.probes, "<part>": Probe(down)})
    async with asking(application(house)) as client:
        answer = await client.get("/ready", headers={"Accept": BROWSER})
    assert answer.status_code == 503
    assert "The service is not ready" in answer.text
    assert "&lt;part&gt;" in answer.text
    assert "QSIGNHUB_SMTP_URL" in answer.text
    assert "a secret place" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
