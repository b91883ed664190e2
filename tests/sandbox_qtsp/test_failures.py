"""Each failure on demand is seen from outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import httpx
import pytest
from cryptography import x509

from qsignhub.sandbox_qtsp.failures import KINDS
from qsignhub.trustlists.errors import TrustedListStale, TrustedListUnsigned
from qsignhub.trustlists.qualification import TrustedLists
from qsignhub.trustlists.reader import read_trusted_list
from tests.sandbox_qtsp.box import DIGEST, Box
from tests.sandbox_qtsp.test_trust_services import chain_of

GETTABLE = {"crl": "/root.crl", "tl": "/tl.xml", "ocsp": "/ocsp/AA%3D%3D"}
POSTABLE = {"tsa": "/tsa", "csc": "/csc/v2/info"}


def ask(box: Box, part: str) -> httpx.Response:
    if part in GETTABLE:
        return box.http.get(box.url + GETTABLE[part])
    return box.http.post(box.url + POSTABLE[part], json={})


@pytest.mark.parametrize("part", sorted(KINDS))
def test_down_closes_the_connection_without_an_answer(box: Box, part: str) -> None:
    box.fail(part, "down", times=2)
    for _ in range(2):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            ask(box, part)
    assert ask(box, part).status_code == 200


@pytest.mark.parametrize("part", sorted(KINDS))
def test_slow(box: Box, part: str) -> None:
    box.fail(part, "slow", times=1, seconds=0.3)
    began = time.monotonic()
    assert ask(box, part).status_code == 200
    assert time.monotonic() - began >= 0.3
    box.fail(part, "slow", seconds=30)
    with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.2) as impatient:
        impatient.get(box.url + GETTABLE[part]) if part in GETTABLE else impatient.post(
            box.url + POSTABLE[part], json={}
        )


@pytest.mark.parametrize("part", sorted(KINDS))
def test_garbage_and_errors(box: Box, part: str) -> None:
    good = ask(box, part).content
    box.fail(part, "garbage", times=1)
    first = ask(box, part)
    assert first.status_code == 200
    assert first.content != good
    assert len(first.content) == 512
    box.fail(part, "error", times=1)
    assert ask(box, part).status_code == 500


def test_flapping_is_down_every_other_time(box: Box) -> None:
    box.fail("tl", "flapping")
    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            ask(box, "tl")
        assert ask(box, "tl").status_code == 200


def test_a_single_method_fails(box: Box) -> None:
    box.fail("csc.signatures/signHash", "error")
    token, credential = box.service_token(), box.user()
    sad = box.authorize(credential, token, DIGEST).json()["SAD"]
    assert box.sign(credential, token, sad, DIGEST).status_code == 500
    box.http.delete(f"{box.url}/sandbox/failures/csc.signatures/signHash")
    assert box.sign(credential, token, sad, DIGEST).status_code == 200
    box.fail("csc.token", "error", times=1)
    assert box.http.post(f"{box.url}/csc/v2/oauth2/token").status_code == 500


def test_an_expired_certificate_is_shown(box: Box) -> None:
    credential = box.user()
    box.fail("csc.credentials/info", "expired", times=1)
    token = box.service_token()
    expired, current = box.certificate(credential, token), box.certificate(credential, token)
    assert expired.not_valid_after_utc < datetime.now(UTC) < current.not_valid_after_utc
    assert expired.public_key() == current.public_key()


def test_wrong_crls(box: Box) -> None:
    root = x509.load_der_x509_certificate(box.http.get(f"{box.url}/root.crt").content)

    def crl() -> x509.CertificateRevocationList:
        return x509.load_der_x509_crl(ask(box, "crl").content)

    key = root.public_key()
    assert crl().is_signature_valid(key)  # type: ignore[arg-type]
    box.fail("crl", "wrong_key", times=1)
    assert not crl().is_signature_valid(key)  # type: ignore[arg-type]
    box.fail("crl", "expired", times=1)
    ended = crl().next_update_utc
    assert ended is not None
    assert ended < datetime.now(UTC)


def test_wrong_lists(box: Box) -> None:
    signer = box.http.get(f"{box.url}/tl-signer.crt").content
    now = datetime.now(UTC)
    box.fail("tl", "wrong_key", times=1)
    with pytest.raises(TrustedListUnsigned):
        read_trusted_list(ask(box, "tl").content, [signer], now)
    box.fail("tl", "expired", times=1)
    with pytest.raises(TrustedListStale):
        read_trusted_list(ask(box, "tl").content, [signer], now)
    box.fail("tl", "withdrawn", times=1)
    lists = TrustedLists([read_trusted_list(ask(box, "tl").content, [signer], now)])
    leaf, *chain = chain_of(box, box.user())
    assert "withdrawn" in lists.qualified(leaf, chain, now).reason


def test_failures_are_listed_and_cleared(box: Box) -> None:
    url = f"{box.url}/sandbox/failures"
    box.fail("tsa", "down", times=3)
    box.fail("csc.signHash", "slow", seconds=2)
    assert box.http.get(url).json()["failures"] == {
        "tsa": {"kind": "down", "times_left": 3, "seconds": 5.0},
        "csc.signHash": {"kind": "slow", "times_left": None, "seconds": 2.0},
    }
    assert box.http.delete(f"{url}/tsa").status_code == 204
    assert list(box.http.get(url).json()["failures"]) == ["csc.signHash"]
    assert box.http.delete(url).status_code == 204
    assert box.http.get(url).json() == {"failures": {}}


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("moon", {"kind": "down"}),
        ("tsa", {"kind": "revoked"}),
        ("tsa", {"kind": "down", "times": 0}),
        ("tsa", {"kind": "slow", "seconds": 1e9}),
        ("tsa", {"kind": "down", "more": 1}),
        ("tsa", {}),
    ],
)
def test_failures_that_cannot_be_arranged(box: Box, part: str, content: dict[str, object]) -> None:
    answer = box.http.put(f"{box.url}/sandbox/failures/{part}", json=content)
    assert answer.status_code == 422
    assert answer.json()["error_description"]
    assert box.http.get(f"{box.url}/sandbox/failures").json() == {"failures": {}}


@pytest.mark.parametrize(
    "change",
    [{"country": "Austria"}, {"pin": "1"}, {"otp": "x"}, {"key": "P-521"}, {"name": "a\u202eb"}, {"x": 1}],
)
def test_users_that_cannot_be(box: Box, change: dict[str, object]) -> None:
    content = {"user_id": "a", "name": "A B", "country": "AT", "pin": "1234"} | change
    assert box.http.post(f"{box.url}/sandbox/users", json=content).status_code == 422


def test_another_origin_cannot_manage_it_from_a_page(box: Box) -> None:
    """What a browser sends across origins without asking first has no type of JSON."""
    answer = box.http.put(f"{box.url}/sandbox/failures/tsa", content=b'{"kind": "down"}')
    assert answer.status_code == 422
