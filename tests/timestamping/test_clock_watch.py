"""Case 46: a clock that is off makes no timestamps."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qsignhub.foundation.clock import SettableClock, SystemClock
from qsignhub.foundation.errors import Unavailable
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.clock_watch import ClockWatch, since_boot
from qsignhub.timestamping.errors import ClockNotTrusted, TimestampUnavailable
from qsignhub.timestamping.reference_time import Reading, Reference, agreement
from qsignhub.timestamping.responder import TimestampResponder
from tests.pki import TSA_POLICY, TestPki
from tests.timestamping.ntp_server import NtpServer, ntp_server

HOUR = timedelta(hours=1)
IMPRINT = hashlib.sha256(b"contract").digest()


class Machine:
    """A wall clock and a monotonic clock that go together until the wall clock is set."""

    def __init__(self) -> None:
        self.clock = SettableClock(datetime.now(UTC))
        self.elapsed = 1000.0

    def monotonic(self) -> float:
        return self.elapsed

    def goes_on(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.elapsed += by.total_seconds()


class Adrift:
    """This machine's clock, and how far it is off."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def servers() -> Iterator[list[NtpServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(ntp_server()) for _ in range(3)]


def addresses(servers: list[NtpServer]) -> list[str]:
    return [server.address for server in servers]


def trusted(watch: ClockWatch, now: datetime) -> bool:
    try:
        watch.check(now)
    except ClockNotTrusted:
        return False
    return True


def authority(clock: SystemClock | Adrift | SettableClock, watch: ClockWatch) -> InProcessTimestampAuthority:
    pki = TestPki()
    responder = TimestampResponder(
        certificate=pki.tsa.der,
        chain=[pki.issuing.der],
        sign=pki.tsa.sign,
        policy=TSA_POLICY,
        clock=clock,
        watch=watch,
    )
    return InProcessTimestampAuthority(responder, clock=clock, anchors=[pki.root.der])


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(seconds=1.1), timedelta(seconds=-1.1)])
async def test_no_token_after_a_jump_until_it_is_put_right(machine: Machine, jump: timedelta):
    watch = ClockWatch(clock=machine.clock, monotonic=machine.monotonic)
    tsa = authority(machine.clock, watch)
    await tsa.timestamp(IMPRINT)
    machine.goes_on(timedelta(minutes=20))
    await tsa.timestamp(IMPRINT)
    machine.clock.advance(jump)
    with pytest.raises(TimestampUnavailable, match="off by"):
        await tsa.timestamp(IMPRINT)
    with pytest.raises(ClockNotTrusted):
        await tsa.ping()
    machine.goes_on(timedelta(minutes=20))
    with pytest.raises(TimestampUnavailable):
        await tsa.timestamp(IMPRINT)
    machine.clock.advance(-jump)
    await tsa.timestamp(IMPRINT)
    await tsa.ping()


def test_small_steps_add_up(machine: Machine):
    watch = ClockWatch(clock=machine.clock, monotonic=machine.monotonic)
    steps = 0
    while trusted(watch, machine.clock.now()):
        machine.goes_on(timedelta(minutes=1))
        machine.clock.advance(timedelta(milliseconds=300))
        steps += 1
    assert steps == 4


async def test_off_by_an_hour_from_a_reference_gives_no_token():
    with ntp_server(off=3600) as server:
        watch = ClockWatch(clock=SystemClock(), references=[server.address])
        tsa = authority(SystemClock(), watch)
        await watch.refresh()
        with pytest.raises(TimestampUnavailable, match=r"off by -3600\.\d+ s against the time references"):
            await tsa.timestamp(IMPRINT)
        server.off = 0
        await watch.refresh()
        await tsa.timestamp(IMPRINT)
        watch.close()


async def test_references_that_agree_again_forgive_a_jump(servers: list[NtpServer]):
    clock = Adrift()
    watch = ClockWatch(clock=clock, references=addresses(servers))
    await watch.refresh()
    watch.check(clock.now())
    clock.off = HOUR
    with pytest.raises(ClockNotTrusted):  # at once: the references need not be asked for that
        watch.check(clock.now())
    await watch.refresh()
    assert not trusted(watch, clock.now())
    clock.off = timedelta(0)
    assert trusted(watch, clock.now())
    watch.close()


async def test_nothing_is_trusted_before_a_reference_was_heard(servers: list[NtpServer]):
    servers[0].silent = True
    watch = ClockWatch(clock=SystemClock(), references=addresses(servers[:1]), timeout=timedelta(seconds=0.1))
    assert not trusted(watch, datetime.now(UTC))
    await watch.refresh()
    assert not trusted(watch, datetime.now(UTC))
    servers[0].silent = False
    await watch.refresh()
    assert trusted(watch, datetime.now(UTC))
    watch.close()


async def test_silence_is_borne_for_a_while(servers: list[NtpServer]):
    ahead = 0.0
    silence = timedelta(minutes=15)
    clock = Adrift()
    watch = ClockWatch(
        clock=clock,
        references=addresses(servers),
        silence=silence,
        timeout=timedelta(seconds=0.1),
        monotonic=lambda: since_boot() + ahead,
    )
    await watch.refresh()
    for server in servers:
        server.silent = True
    ahead, clock.off = 890, timedelta(seconds=890)
    await watch.refresh()
    assert trusted(watch, clock.now())
    ahead, clock.off = 910, timedelta(seconds=910)
    with pytest.raises(ClockNotTrusted, match="silent"):
        watch.check(clock.now())
    for server in servers:
        server.silent, server.off = False, 910
    await watch.refresh()
    assert trusted(watch, clock.now())
    watch.close()


@pytest.mark.parametrize(
    ("offs", "expected"),
    [
        ((0, 0, 3600), True),
        ((0, 3600, 3600), False),
        ((0, -3600, 3600), False),
        ((3600, None, 0), False),
        ((0, None, 0), True),
        ((0, None, None), False),
    ],
)
async def test_the_majority_is_believed(
    servers: list[NtpServer], offs: tuple[float | None, ...], expected: bool
):
    for server, off in zip(servers, offs, strict=True):
        server.off, server.silent = off or 0.0, off is None
    watch = ClockWatch(clock=SystemClock(), references=addresses(servers), timeout=timedelta(seconds=0.2))
    await watch.refresh()
    assert trusted(watch, datetime.now(UTC)) is expected
    watch.close()


async def test_answers_that_are_no_answers(servers: list[NtpServer], caplog: pytest.LogCaptureFixture):
    server = servers[0]
    watch = ClockWatch(clock=SystemClock(), references=[server.address], timeout=timedelta(seconds=0.2))
    wrongs: list[dict[str, Any]] = [
        {"leap": 3},
        {"stratum": 0},
        {"stratum": 16},
        {"mode": 3},
        {"root_dispersion": 1.5},
        {"change": lambda packet: packet[:20]},
        {"change": lambda packet: packet[:24] + bytes(8) + packet[32:]},  # answers no question of ours
    ]
    for wrong in wrongs:
        kept = {name: getattr(server, name) for name in wrong}
        vars(server).update(wrong)
        await watch.refresh()
        assert not trusted(watch, datetime.now(UTC)), wrong
        vars(server).update(kept)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1  # a change is told once
    await watch.refresh()
    assert trusted(watch, datetime.now(UTC))
    assert "agrees with the time references again" in caplog.text
    watch.close()


async def test_a_slow_reference_holds_up_nothing(servers: list[NtpServer]):
    servers[0].silent = True
    watch = ClockWatch(clock=SystemClock(), references=addresses(servers), timeout=timedelta(seconds=0.3))
    begun = time.monotonic()
    await watch.refresh()
    assert time.monotonic() - begun < 1
    assert trusted(watch, datetime.now(UTC))
    watch.close()


async def test_it_runs_until_it_is_cancelled(servers: list[NtpServer]):
    watch = ClockWatch(clock=SystemClock(), references=addresses(servers), every=timedelta(milliseconds=20))
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        while servers[0].asked < 3:
            await asyncio.sleep(0.01)
    assert trusted(watch, datetime.now(UTC))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_without_references_there_is_nothing_to_run(machine: Machine):
    watch = ClockWatch(clock=machine.clock, monotonic=machine.monotonic)
    async with asyncio.timeout(1):
        await watch.run()
    await watch.refresh()
    watch.check(machine.clock.now())


def test_a_check_is_cheap():
    watch = ClockWatch(clock=SystemClock())
    now = datetime.now(UTC)
    begun = time.process_time()
    for _ in range(10_000):
        watch.check(now)
    assert (time.process_time() - begun) / 10_000 < 20e-6


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("ntp.example.org", "ntp.example.org", 123),
        ("10.0.0.1:1123", "10.0.0.1", 1123),
        ("[2001:db8::1]:1123", "2001:db8::1", 1123),
    ],
)
def test_addresses(address: str, host: str, port: int):
    assert Reference.at(address) == Reference(host, port)


@pytest.mark.parametrize(
    "address", ["", ":123", "ntp://host", "host/path", "user@host", "host:port", "host:99999"]
)
def test_what_is_no_address_is_told_at_once(address: str):
    with pytest.raises(ValueError, match=r".+"):
        ClockWatch(clock=SystemClock(), references=[address])


def test_of_two_that_differ_none_is_believed():
    one, other = Reading(0.0, 0.01), Reading(5.0, 0.01)
    assert agreement([one, other], 2, within=1.0) is None
    assert agreement([one], 2, within=1.0) == one
    assert agreement([one], 3, within=1.0) is None
    assert agreement([], 1, within=1.0) is None
    assert agreement([one, Reading(0.5, 0.2), other], 3, within=1.0) == Reading(0.25, 0.2)


def test_a_clock_not_trusted_is_waited_for():
    assert issubclass(ClockNotTrusted, Unavailable)
