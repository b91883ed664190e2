"""The list of signature requests: filtered, paged, and stable while others are added."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.test_bad_input import error_of
from tests.support.customer import REQUESTS, Customer, customer, person
from tests.support.live import LiveService
from tests.support.making import SUCCESS, TIMEOUT

STATUSES = ("pending", "in_progress", "completed", "expired", "cancelled")


@pytest.fixture(scope="module")
def owner(live_service: LiveService) -> Customer:
    return customer(live_service, "request lists")


@pytest.fixture(scope="module")
def made(owner: Customer) -> dict[str, dict[str, Any]]:
    """One request of each status, a day between them by the test clock: the oldest first."""
    found = {"expired": owner.request(person(TIMEOUT))}
    owner.advance(days=31)
    owner.wait_for(found["expired"]["id"], "expired")
    found["cancelled"] = owner.request(person(TIMEOUT))
    assert owner.cancel(found["cancelled"]["id"]).status_code == 200
    owner.advance(days=1)
    found["completed"] = owner.request(person(SUCCESS))
    owner.wait_for(found["completed"]["id"])
    owner.advance(days=1)
    found["in_progress"] = owner.request(person(SUCCESS), person(TIMEOUT))
    owner.wait_for(found["in_progress"]["id"], "in_progress")
    owner.advance(days=1)
    found["pending"] = owner.request(person(TIMEOUT))
    return found


def ids(owner: Customer, **params: Any) -> list[str]:
    answer = owner.client.get(REQUESTS, params=params)
    assert answer.status_code == 200, answer.text
    return [found["id"] for found in answer.json()["data"]]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_finds_its_own(owner: Customer, made: dict[str, dict[str, Any]], status: str) -> None:
    answer = owner.client.get(REQUESTS, params={"status": status}).json()
    assert [(found["id"], found["status"]) for found in answer["data"]] == [(made[status]["id"], status)]
    assert answer["next_cursor"] is None
    assert answer["data"][0] | volatile() == owner.get(made[status]["id"]) | volatile()


def volatile() -> dict[str, None]:
    """Links are made anew with every answer."""
    return dict.fromkeys(("signed_document_url", "audit_trail_url"))


def test_without_filters_everything_is_there_from_the_newest(
    owner: Customer, made: dict[str, dict[str, Any]]
) -> None:
    assert ids(owner) == [request["id"] for request in reversed(made.values())]


def test_from_includes_and_to_excludes(owner: Customer, made: dict[str, dict[str, Any]]) -> None:
    oldest_first = list(made.values())
    moments = [request["created_at"] for request in oldest_first]
    newest_first = [request["id"] for request in reversed(oldest_first)]
    assert ids(owner, **{"from": moments[2]}) == newest_first[:3]
    assert ids(owner, to=moments[2]) == newest_first[3:]
    assert ids(owner, **{"from": moments[1], "to": moments[3]}) == newest_first[2:4]
    assert ids(owner, **{"from": moments[2], "status": "pending"}) == [made["pending"]["id"]]
    assert ids(owner, **{"from": moments[3], "to": moments[1]}) == []
    elsewhere = moments[2].replace("Z", "+00:00")
    assert ids(owner, **{"from": elsewhere}) == newest_first[:3]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"status": "open"}, "status"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2025-01-01T00:00:00"}, "from"),
        ({"to": "9999-12-31T23:59:59-01:00"}, "to"),
    ],
)
def test_a_filter_that_is_none_is_named(owner: Customer, params: dict[str, str], field: str) -> None:
    error = error_of(owner.client.get(REQUESTS, params=params), 422, "VALIDATION_FAILED")
    assert error["field"] == field


def test_a_hundred_is_the_most_and_twenty_what_is_given(live_service: LiveService) -> None:
    many = customer(live_service, "many requests")
    document = many.upload()["id"]
    for _ in range(21):
        many.request(person(TIMEOUT), document_id=document)
    assert len(ids(many)) == 20
    assert len(ids(many, limit=100)) == 21
    assert len(ids(many, limit=1)) == 1
    exact = many.client.get(REQUESTS, params={"limit": 21}).json()
    assert exact["next_cursor"] is None, "the last page ends exactly with the last entry"


def test_a_walk_sees_each_once_while_others_are_added(live_service: LiveService) -> None:
    walker = customer(live_service, "walker")
    document = walker.upload()["id"]
    there = [walker.request(person(TIMEOUT), document_id=document)["id"] for _ in range(7)]
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2, "status": "pending"}
    while True:
        page = walker.client.get(REQUESTS, params=params).json()
        seen += [found["id"] for found in page["data"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
        walker.request(person(TIMEOUT), document_id=document)
    assert seen == there[::-1]


def test_case_13_a_cursor_holds_for_its_list_and_its_filters(
    owner: Customer, made: dict[str, dict[str, Any]]
) -> None:
    filters = {"limit": 1, "from": made["expired"]["created_at"]}
    cursor = owner.client.get(REQUESTS, params=filters).json()["next_cursor"]
    assert ids(owner, **filters, cursor=cursor) == [made["in_progress"]["id"]]
    assert ids(owner, **filters | {"limit": 2}, cursor=cursor)[0] == made["in_progress"]["id"]
    half = len(cursor) // 2
    wrong: list[dict[str, Any]] = [
        {**filters, "cursor": cursor[:half] + ("A" if cursor[half] != "A" else "B") + cursor[half + 1 :]},
        {**filters, "cursor": cursor[:-1]},
        {**filters, "cursor": cursor + "A"},
        {**filters, "cursor": ""},
        {**filters, "cursor": "' OR 1=1 --"},
        {**filters, "cursor": "\u202e"},
        {**filters, "status": "pending", "cursor": cursor},
        {**filters, "to": made["pending"]["created_at"], "cursor": cursor},
        {"limit": 1, "cursor": cursor},
    ]
    for params in wrong:
        error = error_of(owner.client.get(REQUESTS, params=params), 400, "INVALID_CURSOR")
        assert error["field"] == "cursor"
    documents = owner.client.get("/v1/documents", params={"limit": 1}).json()["next_cursor"]
    answer = owner.client.get(REQUESTS, params={"limit": 1, "cursor": documents})
    error_of(answer, 400, "INVALID_CURSOR")
