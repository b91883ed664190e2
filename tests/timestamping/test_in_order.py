"""Several authorities in order, each a real HTTP server: case 42 and 50, and every fault of a service."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.errors import Refused, Unavailable
from qsignhub.timestamping.adapters.http import REPLY, HttpTimestampAuthority
from qsignhub.timestamping.adapters.in_order import AuthoritiesInOrder
from qsignhub.timestamping.errors import (
    TimestampAlgorithmWeak,
    TimestampError,
    TimestampRefused,
    TimestampRejected,
    TimestampUnavailable,
    WrongImprint,
)
from qsignhub.timestamping.request import build_request, read_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.status import FailureInfo, rejection
from tests.contracts.loopback import Answer, loopback
from tests.pki import ANSWERING, OCSP_SIGNING, TIME_STAMPING, TSA_POLICY, TestPki
from tests.timestamping.forgery import Forgery

IMPRINT = hashlib.sha256(b"contract").digest()
OTHER_IMPRINT = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
TIMEOUT = 1.0


class Server:
    """A timestamp server that is honest until ``instead`` is set."""

    def __init__(self, name: str, pki: TestPki, clock: SettableClock) -> None:
        self.name = name
        self.pki = pki
        self.asked = 0
        self.instead: Callable[[bytes], Answer] | None = None
        self.tsa = pki.issue(name, usage=ANSWERING, purposes=[TIME_STAMPING])
        self.honest = TimestampResponder(
            certificate=self.tsa.der,
            chain=[pki.issuing.der],
            sign=self.tsa.sign,
            policy=TSA_POLICY,
            clock=clock,
        )

    async def serve(self, method: str, _path: str, body: bytes) -> Answer:
        if method == "HEAD":
            return self.instead(b"") if self.instead else Answer(status=405)
        self.asked += 1
        return self.instead(body) if self.instead else Answer(self.honest.respond(body), REPLY)

    def answers(self, answer: Answer) -> None:
        self.instead = lambda _: answer

    def forges(self, **how: Any) -> None:
        """Answers wrongly, and signs it well."""
        options: dict[str, Any] = {"signer": self.tsa, "moment": self.pki.now}
        forgery = Forgery(**(options | how))
        self.instead = lambda body: Answer(forgery.respond(read_request(body)), REPLY)


class Setup:
    def __init__(self) -> None:
        self.pki = TestPki()
        self.clock = SettableClock(self.pki.now)
        self.servers = [Server(name, self.pki, self.clock) for name in ("First TSA", "Second TSA")]
        self.first, self.second = self.servers
        self.stack = AsyncExitStack()

    async def start(self) -> None:
        client = await self.stack.enter_async_context(httpx.AsyncClient())
        authorities = []
        for server in self.servers:
            url = await self.stack.enter_async_context(loopback(server.serve))
            authorities.append(
                HttpTimestampAuthority(
                    url,
                    client,
                    clock=self.clock,
                    anchors=[self.pki.root.der],
                    name=server.name,
                    policy=TSA_POLICY,
                    timeout=TIMEOUT,
                )
            )
        self.authority = AuthoritiesInOrder(authorities, clock=self.clock)

    async def stamp(self) -> str:
        """The name of the authority whose timestamp came."""
        return (await self.authority.timestamp(IMPRINT)).authority

    def replay(self) -> None:
        old = self.first.honest.respond(build_request(IMPRINT, policy=TSA_POLICY).der)
        self.first.answers(Answer(old, REPLY))

    def foreign(self) -> None:
        other = TestPki(now=self.pki.now)
        self.first.forges(signer=other.tsa)

    def expired(self) -> None:
        tsa = self.pki.issue("First TSA", usage=ANSWERING, purposes=[TIME_STAMPING], days=-10)
        self.first.forges(signer=tsa)


@pytest_asyncio.fixture
async def setup() -> AsyncIterator[Setup]:
    made = Setup()
    await made.start()
    yield made
    await made.stack.aclose()


FAULTS: dict[str, tuple[Callable[[Setup], None], str, bool]] = {
    "500": (lambda it: it.first.answers(Answer(b"oops", status=500)), "TIMESTAMP_UNAVAILABLE", True),
    "slow": (lambda it: it.first.answers(Answer(b"\x30\x00", REPLY, delay=5)), "TIMESTAMP_UNAVAILABLE", True),
    "drip": (
        lambda it: it.first.answers(Answer(bytes(500), REPLY, drip=0.05)),
        "TIMESTAMP_UNAVAILABLE",
        True,
    ),
    "not now": (
        lambda it: it.first.answers(Answer(rejection(FailureInfo.TIME_NOT_AVAILABLE, "adrift"), REPLY)),
        "TIMESTAMP_UNAVAILABLE",
        True,
    ),
    "garbage": (lambda it: it.first.answers(Answer(b"garbage", REPLY)), "TIMESTAMP_MALFORMED", False),
    "web page": (lambda it: it.first.answers(Answer(b"<html>", "text/html")), "TIMESTAMP_MALFORMED", False),
    "endless": (lambda it: it.first.answers(Answer(bytes(70_000), REPLY)), "TIMESTAMP_MALFORMED", False),
    "nonce": (lambda it: it.first.forges(info={"nonce": 4}), "TIMESTAMP_WRONG_NONCE", False),
    "no nonce": (lambda it: it.first.forges(info={"nonce": None}), "TIMESTAMP_WRONG_NONCE", False),
    "replay": (Setup.replay, "TIMESTAMP_WRONG_NONCE", False),
    "imprint": (
        lambda it: it.first.forges(info={"message_imprint": OTHER_IMPRINT}),
        "TIMESTAMP_WRONG_IMPRINT",
        False,
    ),
    "policy": (lambda it: it.first.forges(info={"policy": "1.2.3"}), "TIMESTAMP_WRONG_POLICY", False),
    "EKU": (
        lambda it: it.first.forges(signer=it.pki.issue("No TSA", usage=ANSWERING, purposes=[OCSP_SIGNING])),
        "TIMESTAMP_WRONG_AUTHORITY",
        False,
    ),
    "EKU among others": (
        lambda it: it.first.forges(
            signer=it.pki.issue("No TSA", usage=ANSWERING, purposes=[TIME_STAMPING, OCSP_SIGNING])
        ),
        "TIMESTAMP_WRONG_AUTHORITY",
        False,
    ),
    "foreign chain": (Setup.foreign, "TIMESTAMP_AUTHORITY_UNTRUSTED", False),
    "expired": (Setup.expired, "TIMESTAMP_AUTHORITY_EXPIRED", False),
    "other key": (
        lambda it: it.first.forges(sign_with=it.pki.signer),
        "TIMESTAMP_SIGNATURE_WRONG",
        False,
    ),
    "an hour ago": (
        lambda it: it.first.forges(moment=it.pki.now - timedelta(hours=1)),
        "TIMESTAMP_TIME_IMPLAUSIBLE",
        True,
    ),
    "in an hour": (
        lambda it: it.first.forges(moment=it.pki.now + timedelta(hours=1)),
        "TIMESTAMP_TIME_IMPLAUSIBLE",
        True,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_one_is_passed_over_and_told(
    setup: Setup, fault: str, caplog: pytest.LogCaptureFixture
):
    """And where there is no other, it is waited for if it may mend itself (case 42, 46), else refused."""
    break_it, code, waits = FAULTS[fault]
    break_it(setup)
    with caplog.at_level(logging.WARNING):
        assert await setup.stamp() == "Second TSA"
    [record] = [one for one in caplog.records if "passed over" in one.message]
    assert "First TSA" in record.message
    assert code in record.message
    setup.second.answers(Answer(rejection(FailureInfo.BAD_ALG, "no such hash"), REPLY))
    with pytest.raises(TimestampError) as raised:
        await setup.stamp()
    assert isinstance(raised.value, Unavailable if waits else Refused)
    assert "First TSA: " in raised.value.message
    assert f"[{code}]" in raised.value.message
    assert "Second TSA: The timestamp authority refused" in raised.value.message
    assert "no such hash" in raised.value.message


async def test_the_first_is_asked_first(setup: Setup):
    assert [await setup.stamp() for _ in range(3)] == ["First TSA"] * 3
    assert (setup.first.asked, setup.second.asked) == (3, 0)
    assert setup.authority.name == "First TSA"


async def test_after_two_failures_it_rests_and_comes_back_by_itself(setup: Setup):
    setup.first.answers(Answer(status=500))
    for expected in (1, 2, 2, 2):
        assert await setup.stamp() == "Second TSA"
        assert setup.first.asked == expected
    assert setup.authority.name == "Second TSA"
    setup.clock.advance(timedelta(seconds=5))
    assert await setup.stamp() == "Second TSA"
    assert setup.first.asked == 3
    setup.clock.advance(timedelta(seconds=9))
    assert await setup.stamp() == "Second TSA"
    assert setup.first.asked == 3  # the second rest is twice as long
    setup.first.instead = None
    setup.clock.advance(timedelta(seconds=1))
    assert await setup.stamp() == "First TSA"
    assert setup.authority.name == "First TSA"


async def test_flapping(setup: Setup):
    """Fails twice, works, fails twice, …: no timestamp is missing, and none is late by more than that."""
    turns = iter(range(1000))

    def flap(body: bytes) -> Answer:
        return Answer(setup.first.honest.respond(body), REPLY) if next(turns) % 3 == 2 else Answer(status=503)

    setup.first.instead = flap
    names = []
    for _ in range(9):
        names.append(await setup.stamp())
        setup.clock.advance(timedelta(seconds=5))
    assert names == ["Second TSA", "Second TSA", "First TSA"] * 3


async def test_one_that_is_slow_costs_its_time_limit_only_until_it_rests(setup: Setup):
    setup.first.answers(Answer(b"\x30\x00", REPLY, delay=5))
    begun = time.monotonic()
    for _ in range(20):
        assert await setup.stamp() == "Second TSA"
    assert time.monotonic() - begun < 2 * TIMEOUT + 1.5
    assert setup.first.asked == 2


async def test_a_drip_is_cut_at_the_total_time_limit(setup: Setup):
    setup.first.answers(Answer(bytes(5000), REPLY, drip=0.02))
    begun = time.monotonic()
    assert await setup.stamp() == "Second TSA"
    assert time.monotonic() - begun < TIMEOUT + 0.5


async def test_while_all_rest_the_one_that_is_due_first_is_asked(setup: Setup):
    for server in setup.servers:
        server.answers(Answer(status=500))
    for _ in range(2):
        with pytest.raises(TimestampUnavailable, match=r"First TSA: .*\| Second TSA: "):
            await setup.stamp()
    with pytest.raises(
        TimestampUnavailable, match=r"First TSA: .*rests until .*\| Second TSA: .*rests until"
    ):
        await setup.stamp()
    assert (setup.first.asked, setup.second.asked) == (3, 2)
    setup.first.instead = None
    assert await setup.stamp() == "First TSA"


async def test_what_one_rejects_the_next_may_take(setup: Setup):
    setup.first.answers(Answer(rejection(FailureInfo.UNACCEPTED_POLICY, "not ours"), REPLY))
    assert [await setup.stamp() for _ in range(4)] == ["Second TSA"] * 4
    assert setup.first.asked == 4  # it answers: it does not rest
    setup.second.answers(Answer(rejection(FailureInfo.BAD_ALG, "not ours"), REPLY))
    with pytest.raises(TimestampRejected):
        await setup.stamp()


async def test_what_the_caller_asks_wrongly_is_nobodys_failure(setup: Setup):
    for _ in range(3):
        with pytest.raises(TimestampAlgorithmWeak):
            await setup.authority.timestamp(bytes(20), "sha1")
        with pytest.raises(WrongImprint):
            await setup.authority.timestamp(bytes(20))
    assert (setup.first.asked, setup.second.asked) == (0, 0)
    assert await setup.stamp() == "First TSA"


async def test_many_at_once_while_the_first_is_down(setup: Setup):
    setup.first.answers(Answer(status=500, delay=0.05))
    assert await asyncio.gather(*(setup.stamp() for _ in range(20))) == ["Second TSA"] * 20
    setup.clock.advance(timedelta(seconds=5))  # that was one outage, not twenty
    setup.first.instead = None
    assert await setup.stamp() == "First TSA"


async def test_all_refused_is_refused(setup: Setup):
    for server in setup.servers:
        server.forges(info={"nonce": 4})
    with pytest.raises(TimestampRefused, match=r"First TSA: .*TIMESTAMP_WRONG_NONCE.*Second TSA: "):
        await setup.stamp()


async def test_ping_is_well_if_any_is(setup: Setup):
    await setup.authority.ping()
    setup.first.answers(Answer(status=503))
    await setup.authority.ping()
    setup.second.answers(Answer(status=503))
    with pytest.raises(TimestampUnavailable, match=r"First TSA: .*\| Second TSA: "):
        await setup.authority.ping()


async def test_nobody_listens(setup: Setup):
    async with loopback(setup.first.serve) as gone:
        pass
    async with httpx.AsyncClient() as client, loopback(setup.second.serve) as there:
        authorities = [
            HttpTimestampAuthority(url, client, clock=setup.clock, anchors=[setup.pki.root.der])
            for url in (gone, there)
        ]
        token = await AuthoritiesInOrder(authorities, clock=setup.clock).timestamp(IMPRINT)
    assert token.authority == "Second TSA"


def test_without_an_authority_there_is_no_order():
    with pytest.raises(ValueError, match="no timestamp authority"):
        AuthoritiesInOrder([], clock=SettableClock(TestPki().now))
