"""Two API processes on one database: limits and idempotency are exact, whichever of them is asked."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from qsignhub.accounts.model import PLANS
from tests.conftest import free_port, fresh_database
from tests.support.making import TIMEOUT
from tests.support.two_apis import TwoApis, two_apis

MANY = 200


@pytest.fixture(scope="module")
def database_of_both(template_database: str) -> Iterator[str]:
    with fresh_database(template_database) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
def apis(database_of_both: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoApis]:
    folder = tmp_path_factory.mktemp("two")
    with two_apis(folder, database_of_both, (free_port(), free_port())) as apis:
        yield apis


def creation(apis: TwoApis, number: int, key: str, body: dict[str, Any]) -> httpx.Request:
    headers = {"X-API-Key": apis.first.api_key, "X-Idempotency-Key": key}
    url = f"{apis.urls[number % 2]}/v1/signature-requests"
    return httpx.Request("POST", url, headers=headers, json=body)


def a_request(apis: TwoApis, **fields: Any) -> dict[str, Any]:
    return {
        "document_id": apis.first.upload()["id"],
        "signers": [{"name": "Anna Kowalska", "email": TIMEOUT}],
        **fields,
    }


def stored(conninfo: str, document_id: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT count(*) FROM signature_requests WHERE document_id = %s", (document_id,)
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_case_10_one_key_two_hundred_times_at_once_is_one_effect(
    apis: TwoApis, database_of_both: str
) -> None:
    body = a_request(apis)
    key = str(uuid.uuid4())
    answers = await apis.at_once([creation(apis, number, key, body) for number in range(MANY)])
    by_status = Counter(answer.status_code for answer in answers)
    assert set(by_status) <= {201, 409}
    first = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
    assert len(first) == 1
    for answer in answers:
        if answer.status_code == 201:
            assert answer.content == first[0].content
        else:
            assert answer.json()["error"]["code"] == "IDEMPOTENCY_KEY_IN_USE"
    assert stored(database_of_both, body["document_id"]) == 1
    [again] = await apis.at_once([creation(apis, 1, key, body)])
    assert (again.status_code, again.content) == (201, first[0].content)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_two_hundred_keys_at_once_are_two_hundred_effects(apis: TwoApis, database_of_both: str) -> None:
    body = a_request(apis)
    answers = await apis.at_once([creation(apis, n, str(uuid.uuid4()), body) for n in range(MANY)])
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert len({answer.json()["id"] for answer in answers}) == MANY
    assert stored(database_of_both, body["document_id"]) == MANY


async def test_case_70_a_limit_is_exact_over_both_and_others_are_not_affected(apis: TwoApis) -> None:
    key = apis.first.command("keys", "create", "--account", "limited", "--tier", "sandbox")
    limit = PLANS["sandbox"]
    if time.time() % 60 > 45:
        time.sleep(60 - time.time() % 60 + 0.1)
    answers = await apis.at_once(
        [
            httpx.Request(
                "GET", f"{apis.urls[n % 2]}/v1/signature-requests/sreq_none", headers={"X-API-Key": key}
            )
            for n in range(MANY)
        ]
    )
    assert Counter(answer.status_code for answer in answers) == {404: limit, 429: MANY - limit}
    remaining = sorted(int(a.headers["X-RateLimit-Remaining"]) for a in answers if a.status_code == 404)
    assert remaining == list(range(limit))
    for answer in answers:
        assert answer.headers["X-RateLimit-Limit"] == str(limit)
        assert answer.headers["X-RateLimit-Tier"] == "sandbox"
        assert answer.headers["X-RateLimit-Reset"] == answers[0].headers["X-RateLimit-Reset"]
        if answer.status_code == 429:
            assert answer.json()["error"]["code"] == "RATE_LIMITED"
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert apis.first.client.get("/v1/signature-requests/sreq_none").status_code == 404
