"""What the trust services cost in CPU: a timestamp token, an OCSP answer, a one-time certificate.

DER in, DER out, in process, every request another one with a nonce of its own; made before the clock starts.

The peer of the answers is one bare P-256 signature by a loaded key, and the object model (asn1crypto)
encoding the same structure once. For the token that is an object set anew from Python values and
``dump()``, as whoever makes a token with it has to: ``dump(force=True)`` of a parsed token takes some
forty times as long. For the OCSP answer it is ``dump(force=True)`` of the parsed answer, with every field
read before the clock starts: less than half of what setting it anew takes.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Iterator

from asn1crypto import ocsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.pki import TSA_POLICY, TestPki
from tests.timestamping.forgery import Forgery

from bench.results import Result
from qsignhub.authority import profiles
from qsignhub.authority.hierarchy import fresh_hierarchy
from qsignhub.authority.issuance import issue, prepare
from qsignhub.authority.names import SANDBOX, Subject
from qsignhub.authority.urls import Urls
from qsignhub.foundation.clock import SystemClock
from qsignhub.revocation.model import CertificateStatus
from qsignhub.revocation.request import build_request as build_ocsp_request
from qsignhub.revocation.request import fresh_nonce
from qsignhub.revocation.responder import OcspResponder
from qsignhub.timestamping.clock_watch import ClockWatch
from qsignhub.timestamping.request import build_request, read_request
from qsignhub.timestamping.responder import TimestampResponder

ROUNDS = 20
CALLS = 30
_ALGORITHM = ec.ECDSA(hashes.SHA256())
_DATA = bytes(range(256))


def measure() -> list[Result]:
    pki = TestPki()
    return [_timestamp_token(pki), _ocsp_answer(pki), _one_time_certificate()]


def _timestamp_token(pki: TestPki) -> Result:
    clock = SystemClock()
    responder = TimestampResponder(
        certificate=pki.tsa.der,
        chain=[pki.issuing.der],
        sign=_signs_with(pki.tsa.private_key),
        policy=TSA_POLICY,
        clock=clock,
        watch=ClockWatch(clock=clock),
    )
    requests = _endless(lambda: build_request(hashlib.sha256(fresh_nonce()).digest()).der)
    sign = _signs_with(pki.tsa.private_key)
    model = _model_of_token(pki)

    def peer() -> None:
        sign(_DATA)
        model()

    return _compare(
        "timestamp token",
        "a bare P-256 signature and asn1crypto encoding the same structure once, from values",
        lambda: responder.respond(next(requests)),
        peer,
        3.0,
    )


def _model_of_token(pki: TestPki) -> Callable[[], bytes]:
    """Encodes a token of the same structure; its signature is a fixed one."""
    signature = pki.tsa.sign(_DATA)

    class Signed:
        der, chain, certificate = pki.tsa.der, pki.tsa.chain[:1], pki.tsa.certificate

        @staticmethod
        def sign(_: bytes) -> bytes:
            return signature

    request = read_request(build_request(bytes(32)).der)
    forgery = Forgery(signer=Signed())  # type: ignore[arg-type]
    return lambda: forgery.respond(request)


def _ocsp_answer(pki: TestPki) -> Result:
    responder = OcspResponder(
        issuer=pki.issuing.der,
        certificate=pki.ocsp.der,
        sign=_signs_with(pki.ocsp.private_key),
        clock=SystemClock(),
        archive_cutoff=pki.issuing.certificate.not_valid_before_utc,
    )
    good = CertificateStatus.good()
    requests = _endless(lambda: build_ocsp_request(pki.signer.der, pki.issuing.der, nonce=fresh_nonce()))
    sign = _signs_with(pki.ocsp.private_key)
    model = ocsp.OCSPResponse.load(responder.respond(next(requests), lambda _: good))
    assert model.native  # every field of it is parsed

    def peer() -> None:
        sign(_DATA)
        model.dump(force=True)

    return _compare(
        "OCSP answer",
        "a bare P-256 signature and asn1crypto encoding the parsed answer once, dump(force=True)",
        lambda: responder.respond(next(requests), lambda _: good),
        peer,
        1.0,
    )


def _one_time_certificate() -> Result:
    sign = _signs_with(ec.generate_private_key(ec.SECP256R1()))
    return _compare(
        "one-time certificate",
        "a bare P-256 signature",
        one_time_certificates(),
        lambda: sign(_DATA),
        125.0,
    )


def one_time_certificates() -> Callable[[], bytes]:
    """Issues a certificate (DER) for a key that is there: what the authority does, less its database."""
    now, urls = SystemClock().now(), Urls("https://sign.example")
    hierarchy = fresh_hierarchy(SANDBOX, urls, now)
    issuer = hierarchy.issuers["ca-qes"]
    subject = Subject("Anna Kowalska", "PL")
    key = ec.generate_private_key(ec.SECP256R1()).public_key()

    def issued() -> bytes:
        template = profiles.signer("signer-qes-one-time", SANDBOX, key, subject, issuer, urls, now)
        return issue(prepare(template, issuer)).certificate

    return issued


def _signs_with(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    return lambda data: key.sign(data, _ALGORITHM)


def _endless(make: Callable[[], bytes]) -> Iterator[bytes]:
    """Enough requests for a whole comparison, all made now."""
    return iter([make() for _ in range((ROUNDS + 2) * CALLS)])


def _compare(
    name: str, against: str, ours: Callable[[], object], peer: Callable[[], object], bound: float
) -> Result:
    """In turn, CPU of this process; the median of the rounds' ratios. The first round is for warming up."""
    _cpu(ours), _cpu(peer)
    pairs = [(_cpu(ours), _cpu(peer)) for _ in range(ROUNDS)]
    print(
        f"{name}: {statistics.median(one for one, _ in pairs) * 1e6:.0f} µs of CPU,"
        f" peer {statistics.median(other for _, other in pairs) * 1e6:.0f} µs",
        flush=True,
    )
    return Result(name, against, round(statistics.median(one / other for one, other in pairs), 3), bound)


def _cpu(call: Callable[[], object]) -> float:
    """Seconds of CPU of one call."""
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begun) / CALLS
