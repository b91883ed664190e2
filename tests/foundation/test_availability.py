from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qsignhub.foundation.availability import Availability
from qsignhub.foundation.clock import SettableClock

START = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(START)


def rest_seconds(availability: Availability, clock: SettableClock) -> float:
    until = availability.rests_until
    return 0 if until is None else (until - clock.now()).total_seconds()


def test_it_is_due_until_it_fails(clock: SettableClock):
    availability = Availability(clock)
    assert availability.is_due()
    assert availability.rests_until is None
    availability.failed()
    assert not availability.is_due()
    assert availability.rests_until == START + timedelta(seconds=5)


def test_each_rest_is_twice_as_long_up_to_the_longest(clock: SettableClock):
    availability = Availability(clock)
    rests = []
    for _ in range(9):
        availability.failed()
        rests.append(rest_seconds(availability, clock))
        clock.advance(timedelta(seconds=rests[-1], milliseconds=-1))
        assert not availability.is_due()
        clock.advance(timedelta(milliseconds=1))
        assert availability.is_due()
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_one_success_and_all_is_forgotten(clock: SettableClock):
    availability = Availability(clock)
    for _ in range(4):
        availability.failed()
        clock.advance(timedelta(minutes=5))
    availability.failed()
    availability.worked()
    assert availability.is_due()
    availability.failed()
    assert rest_seconds(availability, clock) == 5


def test_what_fails_during_a_rest_makes_it_no_longer(clock: SettableClock):
    availability = Availability(clock)
    for _ in range(20):  # twenty requests that were under way at the same time
        availability.failed()
    assert rest_seconds(availability, clock) == 5


def test_failures_that_are_tolerated(clock: SettableClock):
    availability = Availability(clock, timedelta(seconds=1), timedelta(seconds=3), tolerated=2)
    rests = []
    for _ in range(5):
        availability.failed()
        rests.append(rest_seconds(availability, clock))
        clock.advance(timedelta(seconds=3))
    assert rests == [0, 0, 1, 2, 3]
    availability.worked()
    availability.failed()
    assert availability.is_due()


def test_a_clock_put_back_ends_the_rest(clock: SettableClock):
    availability = Availability(clock)
    availability.failed()
    clock.advance(timedelta(hours=-1))
    assert availability.is_due()
