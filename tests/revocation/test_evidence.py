"""The status of whole paths, over HTTP from real servers and from issuers in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from qsignhub.foundation.clock import SettableClock
from qsignhub.foundation.outward import outward_client
from qsignhub.revocation.adapters.by_issuer import RevocationByIssuer
from qsignhub.revocation.adapters.http import OCSP_RESPONSE, HttpRevocationSource
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource, LocalIssuer
from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.errors import (
    RevocationMalformed,
    RevocationSignerWrong,
    RevocationSourceMissing,
    RevocationUnavailable,
)
from qsignhub.revocation.evidence import gather, needs_no_status
from qsignhub.revocation.kept_crls import KeptCrls
from qsignhub.revocation.model import CertificateStatus, Crl, OcspAnswer, Reason
from qsignhub.revocation.paths import path_of
from qsignhub.revocation.responder import OcspResponder
from tests.contracts.loopback import Answer, loopback
from tests.pki import DAY, LoadedKey, TestPki
from tests.revocation.certificates import access, certificate, points

OCSP_SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
Handler = Callable[[bytes], Awaitable[Answer]]


class World:
    """A PKI whose OCSP and CRL are to be had over HTTP, at paths that tests set and count."""

    def __init__(self) -> None:
        self.stack = AsyncExitStack()
        self.paths: dict[str, Handler] = {}
        self.asked: list[str] = []

    async def start(self) -> None:
        self.url = await self.stack.enter_async_context(loopback(self._serve))
        self.pki = TestPki(base_url=self.url)
        self.clock = SettableClock(self.pki.now)
        client = await self.stack.enter_async_context(httpx.AsyncClient())
        self.source = HttpRevocationSource(client, clock=self.clock, timeout=0.5)
        self.root_status, self.status = CertificateStatus.good(), CertificateStatus.good()
        self.revoked: list[RevokedCertificate] = []
        self.paths["/ocsp/test-issuing-ca"] = self.ocsp_of(self.pki.issuing, self.pki.ocsp)
        self.paths["/crl/test-root.crl"] = self.crl_of(self.pki.root)

    async def _serve(self, _method: str, path: str, body: bytes) -> Answer:
        self.asked.append(path)
        return await self.paths[path](body) if path in self.paths else Answer(status=404)

    def ocsp_of(self, issuer: LoadedKey, by: LoadedKey) -> Handler:
        responder = OcspResponder(issuer=issuer.der, certificate=by.der, sign=by.sign, clock=self.clock)

        async def answer(body: bytes) -> Answer:
            return Answer(responder.respond(body, lambda _: self.status), OCSP_RESPONSE)

        return answer

    def crl(self, issuer: LoadedKey, lifetime: timedelta = DAY) -> bytes:
        now = self.clock.now()
        return build_crl(
            issuer=issuer.der,
            sign=issuer.sign,
            revoked=self.revoked,
            number=int(now.timestamp()),
            this_update=now,
            next_update=now + lifetime,
        )

    def crl_of(self, issuer: LoadedKey, lifetime: timedelta = DAY) -> Handler:
        async def answer(_: bytes) -> Answer:
            return Answer(self.crl(issuer, lifetime), "application/pkix-crl")

        return answer

    def fails(self, path: str, answer: Answer) -> None:
        async def fail(_: bytes) -> Answer:
            return answer

        self.paths[path] = fail

    def path(self, leaf: LoadedKey) -> tuple[bytes, ...]:
        return path_of(leaf.der, [self.pki.issuing.der], [self.pki.root.der])

    def leaf(self, *extensions: x509.ExtensionType) -> LoadedKey:
        return certificate(self.pki, "Leaf", self.pki.issuing, extensions)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    await made.start()
    yield made
    await made.stack.aclose()


async def test_ocsp_for_the_leaf_and_a_list_for_its_issuer(world: World):
    """The root's OCSP address is dead: that leads to the list."""
    pki = world.pki
    gathered = await gather(world.source, world.path(pki.signer))
    assert [(one.certificate, one.issuer, type(one.answer)) for one in gathered.each] == [
        (pki.signer.der, pki.issuing.der, OcspAnswer),
        (pki.issuing.der, pki.root.der, Crl),
    ]
    assert all(one.status.is_good for one in gathered.each)
    assert [answer.responder for answer in gathered.ocsp] == [pki.ocsp.der]
    assert [crl.der for crl in gathered.crls] == [gathered.each[1].answer.der]


async def test_the_list_first_where_that_is_wanted(world: World):
    world.paths["/crl/test-issuing-ca.crl"] = world.crl_of(world.pki.issuing)
    gathered = await gather(world.source, world.path(world.pki.signer), crl_first=True)
    assert (len(gathered.ocsp), len(gathered.crls)) == (0, 2)
    assert not any(path.startswith("/ocsp") for path in world.asked)


async def test_revoked_and_unknown_are_told_and_judged_by_the_caller(world: World):
    world.status = CertificateStatus.revoked(world.pki.now - DAY, Reason.KEY_COMPROMISE)
    world.revoked = [RevokedCertificate(world.pki.issuing.serial, world.pki.now - DAY)]
    gathered = await gather(world.source, world.path(world.pki.signer))
    assert [one.status for one in gathered.each] == [
        world.status,
        CertificateStatus.revoked(world.pki.now - DAY),
    ]
    world.status = CertificateStatus.unknown()
    gathered = await gather(world.source, world.path(world.pki.signer))
    assert gathered.each[0].status == CertificateStatus.unknown()


async def test_an_anchor_alone_needs_nothing(world: World):
    assert (await gather(world.source, (world.pki.root.der,))).each == ()
    assert world.asked == []


async def test_a_responder_with_nocheck_needs_no_status(world: World):
    gathered = await gather(world.source, world.path(world.pki.ocsp))
    assert [one.certificate for one in gathered.each] == [world.pki.issuing.der]


async def test_nocheck_on_a_signers_certificate_means_nothing(world: World):
    sly = world.leaf(x509.OCSPNoCheck(), access(world.pki.ocsp_url("Test Issuing CA")))
    assert not needs_no_status(sly.der)
    gathered = await gather(world.source, world.path(sly))
    assert gathered.each[0].certificate == sly.der


async def test_a_responder_without_nocheck_has_a_status_of_its_own(world: World):
    pki = world.pki
    url = f"{world.url}/crl/responders.crl"
    responder = certificate(pki, "Responder", pki.issuing, [OCSP_SIGNING, points(url)])
    world.paths["/ocsp/test-issuing-ca"] = world.ocsp_of(pki.issuing, responder)
    world.paths["/crl/responders.crl"] = world.crl_of(pki.issuing)
    gathered = await gather(world.source, world.path(pki.signer))
    assert [one.certificate for one in gathered.each] == [pki.signer.der, responder.der, pki.issuing.der]
    assert [type(one.answer) for one in gathered.each] == [OcspAnswer, Crl, Crl]
    world.revoked = [RevokedCertificate(responder.serial, pki.now - DAY)]
    world.clock.advance(timedelta(hours=2))
    gathered = await gather(world.source, world.path(pki.signer))
    assert [one.status.is_good for one in gathered.each] == [True, False, True]


async def test_a_responder_that_vouches_for_itself_alone(world: World):
    pki = world.pki
    own = access(pki.ocsp_url("Test Issuing CA"))
    responder = certificate(pki, "Responder", pki.issuing, [OCSP_SIGNING, own])
    world.paths["/ocsp/test-issuing-ca"] = world.ocsp_of(pki.issuing, responder)
    with pytest.raises(RevocationSourceMissing, match="itself alone"):
        await gather(world.source, world.path(pki.signer))


@pytest.mark.parametrize(
    "wrong",
    [Answer(status=500), Answer(b"", OCSP_RESPONSE, delay=5), Answer(b"garbage", OCSP_RESPONSE)],
    ids=["down", "slow", "garbage"],
)
async def test_case_43_ocsp_that_fails_leads_to_the_list_or_waits(world: World, wrong: Answer):
    world.fails("/ocsp/test-issuing-ca", wrong)
    with pytest.raises(RevocationUnavailable):
        await gather(world.source, world.path(world.pki.signer))
    world.paths["/crl/test-issuing-ca.crl"] = world.crl_of(world.pki.issuing)
    gathered = await gather(world.source, world.path(world.pki.signer))
    assert (len(gathered.ocsp), len(gathered.crls)) == (0, 2)


async def test_case_64_ocsp_from_the_wrong_issuer(world: World):
    """A responder of a CA with the same name, well signed: refused; there is no list to go to instead."""
    other = TestPki(base_url=world.url, now=world.pki.now)
    leaf = world.leaf(access(world.pki.ocsp_url("Test Issuing CA")))
    for responder in (other.ocsp, other.issuing, other.signer, world.pki.signer, world.pki.tsa):
        world.paths["/ocsp/test-issuing-ca"] = world.ocsp_of(world.pki.issuing, responder)
        with pytest.raises(RevocationSignerWrong):
            await world.source.ocsp(leaf.der, world.pki.issuing.der)
        with pytest.raises(RevocationSignerWrong):
            await gather(world.source, world.path(leaf))


async def test_nothing_of_either(world: World):
    leaf = world.leaf()
    with pytest.raises(RevocationSourceMissing):
        await gather(world.source, world.path(leaf))


async def test_the_next_address_is_asked(world: World):
    pki = world.pki
    good = pki.ocsp_url("Test Issuing CA")
    for number, wrong in enumerate(
        [Answer(status=503), Answer(b"x", OCSP_RESPONSE), Answer(b"<", "text/html")]
    ):
        world.fails(f"/wrong/{number}", wrong)
        leaf = world.leaf(access(f"{world.url}/wrong/{number}", good))
        assert (await world.source.ocsp(leaf.der, pki.issuing.der)).status.is_good
    both = world.leaf(access(f"{world.url}/wrong/1", f"{world.url}/wrong/0"))
    with pytest.raises(RevocationUnavailable):  # what may mend itself is told, not the refusal
        await world.source.ocsp(both.der, pki.issuing.der)
    refused = world.leaf(access(f"{world.url}/wrong/1", f"{world.url}/wrong/2"))
    with pytest.raises(RevocationMalformed):
        await world.source.ocsp(refused.der, pki.issuing.der)
    world.asked.clear()
    many = world.leaf(access(*(f"{world.url}/wrong/0?{n}" for n in range(50))))
    with pytest.raises(RevocationUnavailable):
        await world.source.ocsp(many.der, pki.issuing.der)
    assert len(world.asked) == 4


async def test_where_we_do_not_go_there_is_no_source(world: World):
    client = outward_client(allow_private=False)
    source = HttpRevocationSource(client, clock=world.clock)
    with pytest.raises(RevocationSourceMissing, match="not contacted"):
        await source.ocsp(world.pki.signer.der, world.pki.issuing.der)
    await client.aclose()
    assert world.asked == []


async def test_a_list_is_kept_for_a_while(world: World):
    pki = world.pki
    path = "/crl/test-root.crl"

    async def ask() -> CertificateStatus:
        return (await world.source.crl(pki.issuing.der, pki.root.der)).status

    assert (await ask()).is_good
    world.clock.advance(timedelta(minutes=59))
    world.revoked = [RevokedCertificate(pki.issuing.serial, pki.now)]
    assert (await ask()).is_good
    assert world.asked.count(path) == 1
    world.clock.advance(timedelta(minutes=1))
    assert not (await ask()).is_good
    assert world.asked.count(path) == 2


async def test_a_kept_list_that_is_too_old_for_a_signature_is_asked_for_afresh(world: World):
    signer = world.pki.signer.der
    world.paths["/crl/test-issuing-ca.crl"] = world.crl_of(world.pki.issuing)
    first = await world.source.crl(signer, world.pki.issuing.der)
    world.clock.advance(timedelta(minutes=5))
    after = world.clock.now()
    assert await world.source.crl(signer, world.pki.issuing.der) == first
    newer = await world.source.crl(signer, world.pki.issuing.der, not_before=after)
    assert newer.this_update == after
    assert await world.source.crl(signer, world.pki.issuing.der, not_before=after) == newer
    assert world.asked == ["/crl/test-issuing-ca.crl"] * 2


async def test_of_an_ended_certificate_the_source_that_keeps_it_is_believed(world: World):
    """The responder says good, and has forgotten; the list says since when it keeps what ended."""
    ended = world.pki.issue("Ended", days=-2)

    async def keeps(_: bytes) -> Answer:
        now = world.clock.now()
        return Answer(
            build_crl(
                issuer=world.pki.issuing.der,
                sign=world.pki.issuing.sign,
                revoked=[RevokedCertificate(ended.serial, now - 3 * DAY)],
                number=1,
                this_update=now,
                next_update=now + DAY,
                kept_since=now - 30 * DAY,
            )
        )

    world.paths["/crl/test-issuing-ca.crl"] = world.crl_of(world.pki.issuing)
    short = (await gather(world.source, world.path(ended))).each[0]
    assert (short.answer.reaches_back, short.status.is_good) == (False, True)
    world.paths["/crl/test-issuing-ca.crl"] = keeps
    world.clock.advance(timedelta(hours=2))
    told = (await gather(world.source, world.path(ended))).each[0]
    assert (told.answer.reaches_back, told.status.is_good) == (True, False)


async def test_a_source_that_is_down_may_still_know_of_an_ended_certificate(world: World):
    world.fails("/crl/test-issuing-ca.crl", Answer(status=503))
    with pytest.raises(RevocationUnavailable):
        await gather(world.source, world.path(world.pki.issue("Ended", days=-2)))


async def test_a_list_is_not_kept_past_its_next_update(world: World):
    pki = world.pki
    world.paths["/crl/test-root.crl"] = world.crl_of(pki.root, timedelta(minutes=10))
    await world.source.crl(pki.issuing.der, pki.root.der)
    world.clock.advance(timedelta(minutes=9))
    await world.source.crl(pki.issuing.der, pki.root.der)
    assert len(world.asked) == 1
    world.clock.advance(timedelta(minutes=1))
    await world.source.crl(pki.issuing.der, pki.root.der)
    assert len(world.asked) == 2


async def test_a_list_that_was_refused_is_not_kept(world: World):
    pki = world.pki
    world.fails("/crl/test-root.crl", Answer(world.crl(TestPki(now=pki.now).root)))
    for _ in range(2):
        with pytest.raises(Exception, match="does not hold"):
            await world.source.crl(pki.issuing.der, pki.root.der)
    assert len(world.asked) == 2


async def test_our_own_issuers_are_asked_in_process_and_others_over_http(world: World):
    ours = TestPki(base_url="http://127.0.0.1:9", now=world.pki.now)
    responder = OcspResponder(
        issuer=ours.issuing.der, certificate=ours.ocsp.der, sign=ours.ocsp.sign, clock=world.clock
    )

    async def good(_: int) -> CertificateStatus:
        return CertificateStatus.good()

    async def root_crl() -> bytes:
        return world.crl(ours.root)

    local = InProcessRevocationSource(
        [LocalIssuer(responder, good), LocalIssuer(crl=root_crl, issuer=ours.root.der)], clock=world.clock
    )
    source = RevocationByIssuer(local, world.source)
    await source.ping()
    path = path_of(ours.tsa.der, [ours.issuing.der], [ours.root.der])
    gathered = await gather(source, path)
    assert [type(one.answer) for one in gathered.each] == [OcspAnswer, Crl]  # the root has a list alone
    assert world.asked == []
    gathered = await gather(source, world.path(world.pki.tsa))
    assert [one.certificate for one in gathered.each] == [world.pki.tsa.der, world.pki.issuing.der]
    assert "/ocsp/test-issuing-ca" in world.asked


async def test_an_issuer_without_a_responder_says_so(world: World):
    pki = world.pki

    async def list_of_root() -> bytes:
        return world.crl(pki.root)

    source = InProcessRevocationSource(
        [LocalIssuer(crl=list_of_root, issuer=pki.root.der)], clock=world.clock
    )
    assert source.knows(pki.root.der)
    assert not source.knows(pki.issuing.der)
    with pytest.raises(RevocationSourceMissing):
        await source.ocsp(pki.issuing.der, pki.root.der)
    assert (await source.crl(pki.issuing.der, pki.root.der)).status.is_good


def test_a_local_issuer_answers_something():
    async def nothing() -> bytes:
        return b""

    with pytest.raises(ValueError, match="a list"):
        LocalIssuer()
    with pytest.raises(ValueError, match="a certificate"):
        LocalIssuer(crl=nothing)


def test_only_so_many_lists_are_kept():
    pki = TestPki()
    kept = KeptCrls()
    for number in range(100):
        crl = Crl(bytes(1000), CertificateStatus.good(), pki.now, pki.now + DAY, number, True)
        kept.keep(f"http://{number}", b"issuer", crl, pki.now)
        kept.find("http://0", b"issuer", pki.now)  # asked for again and again
    found = [n for n in range(100) if kept.find(f"http://{n}", b"issuer", pki.now) is not None]
    assert found == [0, *range(37, 100)]
    assert kept.find("http://0", b"another issuer", pki.now) is None
    big = Crl(bytes(60 * 1024 * 1024), CertificateStatus.good(), pki.now, pki.now + DAY, None, True)
    for address in ("http://big", "http://bigger"):
        kept.keep(address, b"issuer", big, pki.now)
    assert kept.find("http://big", b"issuer", pki.now) is None
    assert kept.find("http://bigger", b"issuer", pki.now) is not None
    assert kept.find("http://0", b"issuer", pki.now) is None
