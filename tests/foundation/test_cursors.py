"""A cursor says where a page ended, to the list that gave it out and to nobody else."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest

from qsignhub.foundation.cursors import MAX_LENGTH, Cursors, InvalidCursor
from qsignhub.foundation.scope import Scope
from qsignhub.foundation.sealing import MasterKey

SCOPE = Scope("acc_9Xk3mN7pQr2vT8wL", "test")
FILTERS = {"status": "pending", "from": None}
POSITION = (datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC), "doc_9Xk3mN7pQr2vT8wL")


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(MasterKey(bytes(32)))


def test_a_cursor_comes_back_as_the_position_it_was_made_of(cursors: Cursors) -> None:
    cursor = cursors.issue(SCOPE, "documents", FILTERS, POSITION)
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_")
    assert len(cursor) <= MAX_LENGTH
    assert cursors.read(SCOPE, "documents", dict(reversed(FILTERS.items())), cursor) == POSITION


def test_a_time_zone_changes_no_position(cursors: Cursors) -> None:
    local = POSITION[0].astimezone(timezone(timedelta(hours=2)))
    assert cursors.issue(SCOPE, "documents", {}, (local, "doc_1")) == cursors.issue(
        SCOPE, "documents", {}, (POSITION[0], "doc_1")
    )


def test_case_13_every_altered_character_is_noticed(cursors: Cursors) -> None:
    cursor = cursors.issue(SCOPE, "documents", FILTERS, POSITION)
    for at, character in enumerate(cursor):
        for other in ("A", "B", "C", "D", "Q", "-", "_", "=", "ä", " "):
            if other != character:
                with pytest.raises(InvalidCursor) as caught:
                    cursors.read(SCOPE, "documents", FILTERS, cursor[:at] + other + cursor[at + 1 :])
                assert (caught.value.code, caught.value.field) == ("INVALID_CURSOR", "cursor")


@pytest.mark.parametrize("cursor", ["", "A", "AAAA", "A" * 22, "%00", "ä", "\ud800", "=" * 8, "A" * 10_000])
def test_case_13_what_was_never_a_cursor_is_refused(cursors: Cursors, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(SCOPE, "documents", FILTERS, cursor)


@pytest.mark.parametrize("added", ["=", "==", "\n", "AAAA"])
def test_case_13_what_is_added_to_a_cursor_is_noticed(cursors: Cursors, added: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(SCOPE, "documents", {}, cursors.issue(SCOPE, "documents", {}, POSITION) + added)


@pytest.mark.parametrize(
    ("scope", "listing", "filters"),
    [
        (Scope("acc_another000000000", "test"), "documents", FILTERS),
        (Scope(SCOPE.account_id, "live"), "documents", FILTERS),
        (SCOPE, "signature_requests", FILTERS),
        (SCOPE, "documents", {}),
        (SCOPE, "documents", FILTERS | {"status": "completed"}),
        (SCOPE, "documents", FILTERS | {"from": "2026-01-01T00:00:00Z"}),
    ],
)
def test_case_13_a_cursor_of_another_list_is_refused(
    cursors: Cursors, scope: Scope, listing: str, filters: dict[str, str | None]
) -> None:
    cursor = cursors.issue(SCOPE, "documents", FILTERS, POSITION)
    with pytest.raises(InvalidCursor):
        cursors.read(scope, listing, filters, cursor)


def test_case_13_a_cursor_of_another_installation_is_refused(cursors: Cursors) -> None:
    cursor = Cursors(MasterKey(bytes(range(32)))).issue(SCOPE, "documents", FILTERS, POSITION)
    with pytest.raises(InvalidCursor):
        cursors.read(SCOPE, "documents", FILTERS, cursor)
