"""Section 02: the key and the idempotency key as printed, and the rate limit on every answer."""

from __future__ import annotations

import re
import time

import httpx
import pytest

from tests.contract import printed
from tests.contract.world import World
from tests.support.making import TIMEOUT

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRINTED_KEY = "qsh_live_Xk9mN3pQr7vT2wL8yE5uH1jA4cB6dF0g"


def sent(line_of: str) -> dict[str, str]:
    """A header as it stands in the print, without the comment behind it."""
    line = next(
        line for line in printed.text("02-request-headers.txt").splitlines() if line.startswith(line_of)
    )
    name, _, value = line.partition("  #")[0].partition(": ")
    return {name: value.strip()}


async def test_a_key_of_ours_has_the_printed_form(world: World) -> None:
    shown = sent("X-API-Key")["X-API-Key"]
    assert shown == PRINTED_KEY
    live = await world.new_key("live")
    assert (len(live), live[:9]) == (len(shown), shown[:9])
    assert re.fullmatch("qsh_test_[0-9A-Za-z]{32}", await world.new_key("test"))


async def test_the_printed_key_itself_is_nobody_s(world: World) -> None:
    answer = await world.client.get("/v1/signature-requests", headers=sent("X-API-Key"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "API_KEY_INVALID")


async def test_the_printed_idempotency_key_gives_one_effect(world: World) -> None:
    body = {
        "document_id": (await world.upload())["id"],
        "signers": [{"name": "Anna Kowalska", "email": TIMEOUT}],
    }
    headers = sent("X-Idempotency-Key")
    first = await world.client.post("/v1/signature-requests", json=body, headers=headers)
    again = await world.client.post("/v1/signature-requests", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert len((await world.get("/v1/signature-requests"))["data"]) == 1
    other = await world.client.post(
        "/v1/signature-requests", json=body | {"metadata": {"a": 1}}, headers=headers
    )
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_the_rate_limit_is_told_as_printed(world: World) -> None:
    shown = dict(re.findall(r"(X-RateLimit-\w+): (\S+)", printed.text("02-response-headers.txt")))
    key = {"X-API-Key": await world.new_key(account="alone")}
    first, second = [(await world.client.get("/v1/idp/countries", headers=key)).headers for _ in range(2)]
    for headers in (first, second):
        assert headers["X-RateLimit-Limit"] == shown["X-RateLimit-Limit"] == "1000"
        # the print's quotes are the print's: decision 10
        assert headers["X-RateLimit-Tier"] == shown["X-RateLimit-Tier"].strip('"') == "startup"
        assert -10 < int(headers["X-RateLimit-Reset"]) - time.time() <= 61
        assert int(headers["X-RateLimit-Reset"]) % 60 == int(shown["X-RateLimit-Reset"]) % 60 == 0
    if first["X-RateLimit-Reset"] == second["X-RateLimit-Reset"]:
        assert int(first["X-RateLimit-Remaining"]) - int(second["X-RateLimit-Remaining"]) == 1


async def test_two_keys_in_one_request_are_none(world: World) -> None:
    headers = httpx.Headers([("X-API-Key", world.key), ("X-API-Key", world.key)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="https://x") as client:
        answer = await client.get("/v1/idp/countries", headers=headers)
    assert answer.status_code == 401
