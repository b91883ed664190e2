"""What every RevocationSource must do, run on each adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from qsignhub.foundation.clock import SettableClock
from qsignhub.revocation.adapters.http import OCSP_RESPONSE, HttpRevocationSource
from qsignhub.revocation.adapters.in_process import InProcessRevocationSource, LocalIssuer
from qsignhub.revocation.crl import RevokedCertificate, build_crl
from qsignhub.revocation.errors import (
    RevocationAnswerRefused,
    RevocationAnswerStale,
    RevocationMalformed,
    RevocationSignatureWrong,
    RevocationSourceMissing,
    RevocationUnavailable,
    WrongCertificateAnswered,
)
from qsignhub.revocation.model import CertificateStatus, Reason
from qsignhub.revocation.ports import RevocationSource
from qsignhub.revocation.request import build_request
from qsignhub.revocation.responder import TRY_LATER, OcspResponder
from tests.contracts.loopback import Answer, loopback
from tests.pki import DAY, LoadedKey, TestPki


class Setup:
    """A source behind the port, and the issuing CA that stands behind it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.statuses: dict[int, CertificateStatus] = {}
        self.instead: Answer | None = None
        self.stack = AsyncExitStack()

    async def start(self) -> None:
        url = await self.stack.enter_async_context(loopback(self._serve)) if self.kind == "http" else ""
        self.pki = TestPki(base_url=url or "http://127.0.0.1:9")
        self.clock = SettableClock(self.pki.now)
        self.sign = self.pki.ocsp.sign
        self.responder = self._responder(self.pki.issuing, self.pki.ocsp)
        self.statuses[self.pki.signer.serial] = CertificateStatus.good()
        self.source: RevocationSource
        if self.kind == "http":
            client = await self.stack.enter_async_context(httpx.AsyncClient())
            self.source = HttpRevocationSource(client, clock=self.clock, timeout=0.5)
        else:
            local = LocalIssuer(self.responder, self._status_of, self._crl)
            self.source = InProcessRevocationSource([local], clock=self.clock)

    def _responder(self, issuer: LoadedKey, by: LoadedKey) -> OcspResponder:
        return OcspResponder(
            issuer=issuer.der, certificate=by.der, sign=lambda data: self.sign(data), clock=self.clock
        )

    async def _status_of(self, serial: int) -> CertificateStatus:
        return self.statuses.get(serial, CertificateStatus.unknown())

    async def _crl(self) -> bytes:
        revoked = [
            RevokedCertificate(serial, status.revoked_at, status.reason)
            for serial, status in self.statuses.items()
            if status.revoked_at
        ]
        return build_crl(
            issuer=self.pki.issuing.der,
            sign=self.pki.issuing.sign,
            revoked=revoked,
            number=1,
            this_update=self.pki.now,
            next_update=self.pki.now + DAY,
        )

    async def _serve(self, method: str, path: str, body: bytes) -> Answer:
        if self.instead:
            return self.instead
        if (method, path) == ("GET", "/crl/test-issuing-ca.crl"):
            return Answer(await self._crl(), "application/pkix-crl")
        if (method, path) != ("POST", "/ocsp/test-issuing-ca"):
            return Answer(status=404)
        found = {serial: await self._status_of(serial) for serial in self.responder.requested_serials(body)}
        return Answer(self.responder.respond(body, found.__getitem__), OCSP_RESPONSE)


@pytest_asyncio.fixture(params=["in_process", "http"])
async def setup(request: pytest.FixtureRequest) -> AsyncIterator[Setup]:
    made = Setup(request.param)
    await made.start()
    yield made
    await made.stack.aclose()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Setup]:
    made = Setup("http")
    await made.start()
    yield made
    await made.stack.aclose()


async def test_good(setup: Setup):
    pki = setup.pki
    answer = await setup.source.ocsp(pki.signer.der, pki.issuing.der)
    assert answer.status == CertificateStatus.good()
    assert answer.this_update == answer.produced_at == pki.now
    assert answer.next_update == pki.now + DAY
    assert (answer.responder, answer.certificates) == (pki.ocsp.der, (pki.ocsp.der,))
    crl = await setup.source.crl(pki.signer.der, pki.issuing.der)
    assert (crl.status, crl.number, crl.next_update) == (CertificateStatus.good(), 1, pki.now + DAY)


async def test_revoked(setup: Setup):
    pki = setup.pki
    revoked = CertificateStatus.revoked(pki.now - timedelta(hours=1), Reason.KEY_COMPROMISE)
    setup.statuses[pki.signer.serial] = revoked
    assert (await setup.source.ocsp(pki.signer.der, pki.issuing.der)).status == revoked
    assert (await setup.source.crl(pki.signer.der, pki.issuing.der)).status == revoked


async def test_what_was_never_issued_is_never_good(setup: Setup):
    pki = setup.pki
    stranger = pki.issue("Never registered")
    answer = await setup.source.ocsp(stranger.der, pki.issuing.der)
    assert answer.status == CertificateStatus.unknown()
    assert not answer.status.is_good


async def test_a_wrong_signature_is_refused(setup: Setup):
    setup.sign = setup.pki.signer.sign
    with pytest.raises(RevocationSignatureWrong):
        await setup.source.ocsp(setup.pki.signer.der, setup.pki.issuing.der)


async def test_a_certificate_without_a_source(setup: Setup):
    alone = setup.pki.issue("Alone", issuer=setup.pki.root, addresses=False)
    with pytest.raises(RevocationSourceMissing):
        await setup.source.ocsp(alone.der, setup.pki.root.der)
    with pytest.raises(RevocationSourceMissing):
        await setup.source.crl(alone.der, setup.pki.root.der)


async def test_an_issuer_that_is_not_the_certificates(setup: Setup):
    """Its name and key are asked about as given, so the answer cannot be taken for the certificate's."""
    pki = setup.pki
    stranger = pki.issue("Child of another CA", issuer=pki.issue("Test Issuing CA 2"))
    with pytest.raises((WrongCertificateAnswered, RevocationUnavailable)):
        await setup.source.ocsp(stranger.der, pki.issuing.der)


async def test_ping(setup: Setup):
    await setup.source.ping()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"oops", "text/plain", status=500), RevocationUnavailable),
        (Answer(status=302, headers={"Location": "/elsewhere"}), RevocationUnavailable),
        (Answer(TRY_LATER, OCSP_RESPONSE), RevocationUnavailable),
        (Answer(b"\x30\x00", OCSP_RESPONSE, delay=5), RevocationUnavailable),
        (Answer(b"<html>log in</html>", "text/html"), RevocationMalformed),
        (Answer(b"garbage", OCSP_RESPONSE), RevocationMalformed),
        (Answer(bytes(70_000), OCSP_RESPONSE), RevocationMalformed),
        (Answer(b"\x1f\x8b", OCSP_RESPONSE, headers={"Content-Encoding": "gzip"}), RevocationMalformed),
    ],
    ids=["500", "redirect", "try later", "slow", "content type", "garbage", "too long", "compressed"],
)
async def test_http_that_goes_wrong(http: Setup, answer: Answer, error: type[Exception]):
    http.instead = answer
    with pytest.raises(error):
        await http.source.ocsp(http.pki.signer.der, http.pki.issuing.der)
    with pytest.raises((RevocationUnavailable, RevocationAnswerRefused)):
        await http.source.crl(http.pki.signer.der, http.pki.issuing.der)


async def test_http_nobody_listens(http: Setup):
    unreachable = TestPki(base_url="http://127.0.0.1:9")
    with pytest.raises(RevocationUnavailable):
        await http.source.ocsp(unreachable.signer.der, unreachable.issuing.der)
    with pytest.raises(RevocationUnavailable):
        await http.source.crl(unreachable.signer.der, unreachable.issuing.der)


async def test_http_yesterdays_answer_is_refused(http: Setup):
    request = build_request(http.pki.signer.der, http.pki.issuing.der, nonce=None)
    body = http.responder.respond(request, lambda serial: CertificateStatus.good())
    http.instead = Answer(body, OCSP_RESPONSE)
    assert (await http.source.ocsp(http.pki.signer.der, http.pki.issuing.der)).status.is_good
    http.clock.advance(timedelta(hours=25))
    with pytest.raises(RevocationAnswerStale):
        await http.source.ocsp(http.pki.signer.der, http.pki.issuing.der)
