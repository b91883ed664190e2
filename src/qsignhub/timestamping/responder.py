"""A time-stamping authority (RFC 3161; ETSI EN 319 421, EN 319 422).

Everything that is the same in every token is encoded once, when the responder is made; a timestamp costs
one signature and the encoding of what really changes.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.der import (
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode,
    integer,
    object_identifier,
)
from qsignhub.timestamping.algorithms import ECDSA_WITH_SHA256, HASH_IDENTIFIERS
from qsignhub.timestamping.authority import AuthorityCertificate, authority_certificate
from qsignhub.timestamping.clock_watch import ClockWatch
from qsignhub.timestamping.errors import ClockNotTrusted, TimestampUnavailable
from qsignhub.timestamping.request import RequestRefused, TimestampRequest, read_request
from qsignhub.timestamping.status import GRANTED, FailureInfo, rejection
from qsignhub.timestamping.token import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    TST_INFO,
)

_VERSION_1 = integer(1)
_VERSION_3 = integer(3)
_CONTEXT_0 = 0xA0
_SERIAL_RANDOM_BITS = 64
MAX_ACCURACY = timedelta(seconds=1)


class TimestampResponder:
    """Answers TimeStampReq with TimeStampResp.

    ``sign`` makes an ECDSA signature (DER) with SHA-256 over the data it is given; the key lives
    elsewhere. ``certificate`` is the TSA's, ``chain`` what is sent along with it when certificates are
    asked for (issuing CA first). ``accuracy`` is stated in every token, at most one second (EN 319 421).
    While ``watch`` does not trust the clock no token is issued. Raises WrongAuthority where the certificate
    may not timestamp.
    """

    def __init__(
        self,
        *,
        certificate: bytes,
        chain: Sequence[bytes],
        sign: Callable[[bytes], bytes],
        policy: str,
        clock: Clock,
        accuracy: timedelta = MAX_ACCURACY,
        watch: ClockWatch | None = None,
    ) -> None:
        if not timedelta(milliseconds=1) <= accuracy <= MAX_ACCURACY:
            raise ValueError("the accuracy lies between one millisecond and one second")
        self.certificate: AuthorityCertificate = authority_certificate(certificate)
        self.policy = policy
        self._sign = sign
        self._clock = clock
        self._accuracy = accuracy
        self._watch = watch
        self._lock = threading.Lock()
        self._last_tick = 0

        self._info_head = _VERSION_1 + object_identifier(policy)
        self._accuracy_der = _accuracy(accuracy)
        self._constant_attributes = (
            encode(SEQUENCE, CONTENT_TYPE, encode(SET, TST_INFO)),
            _signing_certificate(certificate),
        )
        digest_algorithm = HASH_IDENTIFIERS["sha256"]
        self._signed_data_head = _VERSION_3 + encode(SET, digest_algorithm)
        # CertificateSet is a SET OF: DER wants it sorted (X.690, 11.6)
        self._certificates = encode(_CONTEXT_0, *sorted({certificate, *chain}))
        sid = encode(SEQUENCE, self.certificate.issuer, self.certificate.serial)
        self._signer_head = _VERSION_1 + sid + digest_algorithm

    def respond(self, request_der: bytes) -> bytes:
        """The TimeStampResp, DER: a token, or a PKIFailureInfo that says why not.

        Only what ``sign`` raises comes out as an exception.
        """
        try:
            request = read_request(request_der)
            if request.policy is not None and request.policy != self.policy:
                raise RequestRefused(FailureInfo.UNACCEPTED_POLICY, f"the policy is {self.policy}")
            moment, serial = self._tick()
        except RequestRefused as refused:
            return rejection(refused.failure, refused.text)
        except ClockNotTrusted as wrong:
            return rejection(FailureInfo.TIME_NOT_AVAILABLE, wrong.message)
        return encode(SEQUENCE, GRANTED, self._token(request, moment, serial))

    def check(self) -> None:
        """Whether a token would be issued now. Raises TimestampUnavailable, ClockNotTrusted."""
        now = self._clock.now()
        if not self.certificate.not_before <= now <= self.certificate.not_after:
            raise TimestampUnavailable("The timestamp authority's certificate is not valid now; renew it")
        if self._watch is not None:
            self._watch.check(now)

    def _tick(self) -> tuple[datetime, int]:
        """The time to state, and a serial number never used before.

        The serial is a counter that follows the clock in microseconds and never stands still, then 64
        random bits: unique over restarts and over several machines with one key. A clock that has gone
        back by more than the accuracy is not to be trusted, and no token is issued (EN 319 421, 7.7.2).
        """
        moment = self._clock.now().astimezone(UTC)
        if self._watch is not None:
            self._watch.check(moment)
        if not self.certificate.not_before <= moment <= self.certificate.not_after:
            raise RequestRefused(FailureInfo.SYSTEM_FAILURE, "the authority's certificate is not valid now")
        tick = int(moment.timestamp() * 1_000_000)
        with self._lock:
            if self._last_tick - tick > self._accuracy / timedelta(microseconds=1):
                raise RequestRefused(FailureInfo.TIME_NOT_AVAILABLE, "the clock has gone back")
            self._last_tick = max(tick, self._last_tick + 1)
            counter = self._last_tick
        return moment, counter << _SERIAL_RANDOM_BITS | secrets.randbits(_SERIAL_RANDOM_BITS)

    def _token(self, request: TimestampRequest, moment: datetime, serial: int) -> bytes:
        info = encode(
            SEQUENCE,
            self._info_head,
            request.message_imprint,
            integer(serial),
            encode(GENERALIZED_TIME, generalized_time(moment)),
            self._accuracy_der,
            b"" if request.nonce is None else integer(request.nonce),
        )
        digest = encode(OCTET_STRING, hashlib.sha256(info).digest())
        message_digest = encode(SEQUENCE, MESSAGE_DIGEST, encode(SET, digest))
        attributes = b"".join(sorted((*self._constant_attributes, message_digest)))
        # signed as a SET OF, carried under the implicit tag [0] (RFC 5652, 5.4)
        signature = self._sign(encode(SET, attributes))
        signer = encode(
            SEQUENCE,
            self._signer_head,
            encode(_CONTEXT_0, attributes),
            ECDSA_WITH_SHA256,
            encode(OCTET_STRING, signature),
        )
        signed_data = encode(
            SEQUENCE,
            self._signed_data_head,
            encode(SEQUENCE, TST_INFO, encode(_CONTEXT_0, encode(OCTET_STRING, info))),
            self._certificates if request.certificates_wanted else b"",
            encode(SET, signer),
        )
        return encode(SEQUENCE, SIGNED_DATA, encode(_CONTEXT_0, signed_data))


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime in UTC, to the millisecond, without trailing zeros (RFC 3161, section 2.4.2)."""
    whole = moment.strftime("%Y%m%d%H%M%S")
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    return f"{whole}.{fraction}Z".encode() if fraction else f"{whole}Z".encode()


def _accuracy(accuracy: timedelta) -> bytes:
    seconds, milliseconds = divmod(accuracy // timedelta(milliseconds=1), 1000)
    parts = integer(seconds) if seconds else b""
    if milliseconds:
        parts += b"\x80" + integer(milliseconds)[1:]
    return encode(SEQUENCE, parts)


def _signing_certificate(certificate: bytes) -> bytes:
    """The attribute signing-certificate-v2 with SHA-256, the default, left out (RFC 5035, RFC 5816)."""
    identifier = encode(SEQUENCE, encode(OCTET_STRING, hashlib.sha256(certificate).digest()))
    value = encode(SEQUENCE, encode(SEQUENCE, identifier))
    return encode(SEQUENCE, SIGNING_CERTIFICATE_V2, encode(SET, value))
