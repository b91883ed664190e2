"""What every TimestampAuthority must do, run on each adapter."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.outward import outward_client
from qsignhub.timestamping.adapters.http import REPLY, HttpTimestampAuthority
from qsignhub.timestamping.adapters.in_process import InProcessTimestampAuthority
from qsignhub.timestamping.errors import (
    AuthorityUntrusted,
    TimestampAlgorithmWeak,
    TimestampMalformed,
    TimestampRejected,
    TimestampTimeImplausible,
    TimestampUnavailable,
    WrongAuthority,
    WrongImprint,
    WrongNonce,
)
from qsignhub.timestamping.ports import TimestampAuthority
from qsignhub.timestamping.request import read_request
from qsignhub.timestamping.responder import TimestampResponder
from qsignhub.timestamping.status import FailureInfo, rejection
from tests.contracts.loopback import Answer, loopback
from tests.pki import ANSWERING, OCSP_SIGNING, TSA_POLICY, TestPki
from tests.timestamping.forgery import Forgery

IMPRINT = hashlib.sha256(b"contract").digest()


class Responder(TimestampResponder):
    """An honest responder until ``instead`` is set."""

    instead: Callable[[bytes], bytes] | None = None

    def respond(self, request_der: bytes) -> bytes:
        return self.instead(request_der) if self.instead else super().respond(request_der)


class Setup:
    """An authority behind the port, and what stands behind it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pki = TestPki()
        self.clock = SettableClock(self.pki.now)
        self.responder = Responder(
            certificate=self.pki.tsa.der,
            chain=[self.pki.issuing.der],
            sign=self.pki.tsa.sign,
            policy=TSA_POLICY,
            clock=self.clock,
        )
        self._stack = AsyncExitStack()

    async def authority(self, anchors: list[bytes] | None = None) -> TimestampAuthority:
        anchors = anchors or [self.pki.root.der]
        if self.kind == "in_process":
            return InProcessTimestampAuthority(self.responder, clock=self.clock, anchors=anchors)
        url = await self._stack.enter_async_context(loopback(self._serve))
        client = await self._stack.enter_async_context(httpx.AsyncClient())
        return HttpTimestampAuthority(
            f"{url}/tsa", client, clock=self.clock, anchors=anchors, name="Test TSA"
        )

    async def _serve(self, method: str, path: str, body: bytes) -> Answer:
        if method == "HEAD":
            return Answer(status=405)
        assert (method, path) == ("POST", "/tsa")
        return Answer(self.responder.respond(body), REPLY)

    def forge(self, **how: Any) -> None:
        options: dict[str, Any] = {"signer": self.pki.tsa, "moment": self.pki.now}
        forgery = Forgery(**(options | how))
        self.responder.instead = lambda request: forgery.respond(read_request(request))

    async def close(self) -> None:
        await self._stack.aclose()


@pytest_asyncio.fixture(params=["in_process", "http"])
async def setup(request: pytest.FixtureRequest) -> AsyncIterator[Setup]:
    made = Setup(request.param)
    yield made
    await made.close()


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
async def test_a_digest_is_timestamped(setup: Setup, name: str):
    authority = await setup.authority()
    imprint = hashlib.new(name, b"contract").digest()
    token = await authority.timestamp(imprint, name)
    assert (token.imprint, token.hash_algorithm, token.policy) == (imprint, name, TSA_POLICY)
    assert token.gen_time == setup.clock.now()
    assert (token.certificate, token.authority) == (setup.pki.tsa.der, "Test TSA")
    assert set(token.certificates) == {setup.pki.tsa.der, setup.pki.issuing.der}
    assert authority.name == "Test TSA"


async def test_every_timestamp_is_another(setup: Setup):
    authority = await setup.authority()
    first, second = await authority.timestamp(IMPRINT), await authority.timestamp(IMPRINT)
    assert first.serial != second.serial
    assert first.der != second.der


async def test_what_is_not_a_sha2_digest_is_not_sent(setup: Setup):
    authority = await setup.authority()
    setup.responder.instead = lambda request: pytest.fail("nothing may be sent")
    with pytest.raises(WrongImprint):
        await authority.timestamp(bytes(20))
    with pytest.raises(TimestampAlgorithmWeak):
        await authority.timestamp(bytes(20), "sha1")


async def test_case_50_wrong_nonce(setup: Setup):
    setup.forge(info={"nonce": 4})
    with pytest.raises(WrongNonce):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_case_50_replayed_answer(setup: Setup):
    authority = await setup.authority()
    kept: list[bytes] = []

    def keep(request: bytes) -> bytes:
        kept.append(TimestampResponder.respond(setup.responder, request))
        return kept[0]

    setup.responder.instead = keep
    await authority.timestamp(IMPRINT)
    with pytest.raises(WrongNonce):
        await authority.timestamp(IMPRINT)


async def test_case_50_wrong_imprint(setup: Setup):
    other = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    setup.forge(info={"message_imprint": other})
    with pytest.raises(WrongImprint):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_case_50_wrong_extended_key_usage(setup: Setup):
    setup.forge(signer=setup.pki.issue("Not a TSA", usage=ANSWERING, purposes=[OCSP_SIGNING]))
    with pytest.raises(WrongAuthority):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_stale_time(setup: Setup):
    setup.forge(moment=setup.pki.now - timedelta(hours=1))
    with pytest.raises(TimestampTimeImplausible):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_garbage(setup: Setup):
    setup.responder.instead = lambda request: b"\x30\x03garbage"
    with pytest.raises(TimestampMalformed):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_an_answer_without_end(setup: Setup):
    setup.responder.instead = lambda request: bytes(65 * 1024)
    with pytest.raises(TimestampMalformed):
        await (await setup.authority()).timestamp(IMPRINT)


async def test_untrusted_authority(setup: Setup):
    with pytest.raises(AuthorityUntrusted):
        await (await setup.authority([TestPki().root.der])).timestamp(IMPRINT)


async def test_a_refusal_is_final_and_not_now_is_not(setup: Setup):
    authority = await setup.authority()
    setup.responder.instead = lambda request: rejection(FailureInfo.UNACCEPTED_POLICY, "no")
    with pytest.raises(TimestampRejected):
        await authority.timestamp(IMPRINT)
    setup.responder.instead = lambda request: rejection(FailureInfo.TIME_NOT_AVAILABLE, "clock adrift")
    with pytest.raises(TimestampUnavailable):
        await authority.timestamp(IMPRINT)


async def test_ping_reaches_it(setup: Setup):
    await (await setup.authority()).ping()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"oops", "text/plain", status=500), TimestampUnavailable),
        (Answer(b"busy", "text/plain", status=429), TimestampUnavailable),
        (Answer(status=302, headers={"Location": "/elsewhere"}), TimestampUnavailable),
        (Answer(b"<html>log in</html>", "text/html"), TimestampMalformed),
        (Answer(b"\x1f\x8b", REPLY, headers={"Content-Encoding": "gzip"}), TimestampMalformed),
        (Answer(b"\x30\x00", REPLY, delay=5), TimestampUnavailable),
    ],
    ids=["500", "429", "redirect", "content type", "compressed", "slow"],
)
async def test_http_that_goes_wrong(answer: Answer, error: type[Exception]):
    async def serve(method: str, path: str, body: bytes) -> Answer:
        return answer

    async with loopback(serve) as url, httpx.AsyncClient() as client:
        authority = HttpTimestampAuthority(
            url, client, clock=SettableClock(TestPki().now), anchors=None, timeout=0.3
        )
        with pytest.raises(error):
            await authority.timestamp(IMPRINT)


async def test_http_nobody_listens():
    async with loopback(lambda *_: pytest.fail("closed")) as url:
        pass
    async with httpx.AsyncClient() as client:
        authority = HttpTimestampAuthority(url, client, clock=SettableClock(TestPki().now), anchors=None)
        with pytest.raises(TimestampUnavailable):
            await authority.timestamp(IMPRINT)
        with pytest.raises(TimestampUnavailable):
            await authority.ping()


async def test_http_ping_tells_a_failing_server():
    async def serve(method: str, path: str, body: bytes) -> Answer:
        return Answer(status=503)

    async with loopback(serve) as url, httpx.AsyncClient() as client:
        authority = HttpTimestampAuthority(url, client, clock=SettableClock(TestPki().now), anchors=None)
        with pytest.raises(TimestampUnavailable):
            await authority.ping()


async def test_in_process_ping_tells_an_expired_certificate():
    setup = Setup("in_process")
    setup.clock.advance(timedelta(days=400))
    with pytest.raises(TimestampUnavailable):
        await (await setup.authority()).ping()


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        ({}, None),
        ({"basic": ("qsign", "pass:wörd")}, "Basic cXNpZ246cGFzczp3w7ZyZA=="),
        ({"bearer": "t0ken"}, "Bearer t0ken"),
    ],
    ids=["none", "basic", "bearer"],
)
async def test_http_credentials_go_along(credentials: dict[str, Any], header: str | None):
    setup = Setup("http")
    sent: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    async with (
        loopback(setup._serve) as url,
        httpx.AsyncClient(event_hooks={"request": [note]}) as client,
    ):
        authority = HttpTimestampAuthority(
            f"{url}/tsa", client, clock=setup.clock, anchors=[setup.pki.root.der], **credentials
        )
        await authority.timestamp(IMPRINT)
        await authority.ping()
    assert [request.headers.get("Authorization") for request in sent] == [header, header]


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        ("ftp://tsa.example", {}),
        ("tsa.example", {}),
        ("https://", {}),
        ("https://me:secret@tsa.example", {}),
        ("https://tsa.example", {"basic": ("a", "b"), "bearer": "c"}),
    ],
)
def test_http_what_cannot_be_meant_is_told_at_once(url: str, credentials: dict[str, Any]):
    with pytest.raises(ValueError, match="timestamp authority") as raised:
        HttpTimestampAuthority(
            url, httpx.AsyncClient(), clock=SettableClock(TestPki().now), anchors=None, **credentials
        )
    assert "secret" not in str(raised.value)


def test_trusting_any_authority_has_to_be_said():
    setup = Setup("http")
    with pytest.raises(TypeError, match="anchors"):
        HttpTimestampAuthority("https://tsa.example", httpx.AsyncClient(), clock=setup.clock)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="anchors"):
        InProcessTimestampAuthority(setup.responder, clock=setup.clock)  # type: ignore[call-arg]


async def test_http_where_we_do_not_go():
    """The client's transport has the last word; what it refuses is a service that is not there."""
    async with loopback(lambda *_: pytest.fail("nobody may call")) as url:
        client = outward_client(allow_private=False)
        authority = HttpTimestampAuthority(url, client, clock=SettableClock(TestPki().now), anchors=None)
        with pytest.raises(TimestampUnavailable, match="not contacted"):
            await authority.timestamp(IMPRINT)
        with pytest.raises(TimestampUnavailable, match="not contacted"):
            await authority.ping()
        await client.aclose()
