"""An OCSP responder for one issuer (RFC 6960; ETSI EN 319 411-2).

What is the same in every answer is encoded once; an answer costs one signature and a few hundred octets
put together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from qsignhub.foundation.clock import Clock
from qsignhub.foundation.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    encode,
    object_identifier,
)
from qsignhub.revocation.issuers import load_issuer
from qsignhub.revocation.model import CertificateStatus, State
from qsignhub.revocation.request import AskedCertificate, UnreadableRequest, nonce_extension, read_request

VALIDITY = timedelta(hours=24)

_ECDSA_WITH_SHA256 = encode(SEQUENCE, object_identifier("1.2.840.10045.4.3.2"))
_BASIC = object_identifier("1.3.6.1.5.5.7.48.1.1")
_ARCHIVE_CUTOFF = object_identifier("1.3.6.1.5.5.7.48.1.6")
_CONTEXT_0 = 0xA0
_CONTEXT_1 = 0xA1
_CONTEXT_2 = 0xA2
_ENUMERATED = 0x0A
_SUCCESSFUL = b"\x0a\x01\x00"
_GOOD = b"\x80\x00"
_UNKNOWN = b"\x82\x00"
MALFORMED_REQUEST = encode(SEQUENCE, b"\x0a\x01\x01")
INTERNAL_ERROR = encode(SEQUENCE, b"\x0a\x01\x02")
TRY_LATER = encode(SEQUENCE, b"\x0a\x01\x03")


class OcspResponder:
    """Answers OCSPRequest about the certificates of ``issuer``.

    ``certificate`` is the delegated responder's (EKU OCSPSigning), or the issuer's own. ``sign`` makes an
    ECDSA signature (DER) with SHA-256 over the data it is given. ``validity`` is the time from thisUpdate
    to nextUpdate. ``archive_cutoff`` says since when revoked certificates stay in the answers after they
    expired; for a CA that never forgets, its notBefore.
    """

    def __init__(
        self,
        *,
        issuer: bytes,
        certificate: bytes,
        sign: Callable[[bytes], bytes],
        clock: Clock,
        validity: timedelta = VALIDITY,
        archive_cutoff: datetime | None = None,
    ) -> None:
        self.issuer = load_issuer(issuer)
        self.responder = load_issuer(certificate)
        self._sign = sign
        self._clock = clock
        self._validity = validity
        by_key = encode(OCTET_STRING, self.responder.key_hash_sha1)
        self._responder_id = encode(_CONTEXT_2, by_key)
        delegated = certificate != issuer
        self._certificates = encode(_CONTEXT_0, encode(SEQUENCE, certificate)) if delegated else b""
        self._single_extensions = b""
        if archive_cutoff is not None:
            value = encode(OCTET_STRING, _generalized_time(archive_cutoff))
            cutoff = encode(SEQUENCE, _ARCHIVE_CUTOFF, value)
            self._single_extensions = encode(_CONTEXT_1, encode(SEQUENCE, cutoff))

    def requested_serials(self, request_der: bytes) -> list[int]:
        """The serial numbers of this issuer's that a request asks about; none where it cannot be read.

        For callers that look statuses up asynchronously before they call ``respond``.
        """
        try:
            asked = read_request(request_der).certificates
        except UnreadableRequest:
            return []
        return [one.serial for one in asked if self._is_ours(one)]

    def respond(self, request_der: bytes, status_of: Callable[[int], CertificateStatus]) -> bytes:
        """The OCSPResponse, DER.

        ``status_of`` is asked for serials of this issuer's; it answers ``unknown`` for what was never
        issued. A certificate of another issuer is ``unknown`` too, and what cannot be read gets
        malformedRequest. Only what ``sign`` and ``status_of`` raise comes out as an exception.
        """
        try:
            request = read_request(request_der)
        except UnreadableRequest:
            return MALFORMED_REQUEST
        now = self._clock.now().replace(microsecond=0)
        this_update = _generalized_time(now)
        next_update = encode(_CONTEXT_0, _generalized_time(now + self._validity))
        singles = [
            encode(SEQUENCE, asked.cert_id, *self._status(asked, status_of, this_update, next_update))
            for asked in request.certificates
        ]
        extensions = b""
        if request.nonce is not None:
            extensions = encode(_CONTEXT_1, encode(SEQUENCE, nonce_extension(request.nonce)))
        data = encode(SEQUENCE, self._responder_id, this_update, encode(SEQUENCE, *singles), extensions)
        signature = encode(BIT_STRING, b"\x00", self._sign(data))
        basic = encode(SEQUENCE, data, _ECDSA_WITH_SHA256, signature, self._certificates)
        response_bytes = encode(SEQUENCE, _BASIC, encode(OCTET_STRING, basic))
        return encode(SEQUENCE, _SUCCESSFUL, encode(_CONTEXT_0, response_bytes))

    def _is_ours(self, asked: AskedCertificate) -> bool:
        return (
            asked.hash_algorithm is not None
            and self.issuer.hashes[asked.hash_algorithm] == asked.issuer_hashes
        )

    def _status(
        self,
        asked: AskedCertificate,
        status_of: Callable[[int], CertificateStatus],
        this_update: bytes,
        next_update: bytes,
    ) -> tuple[bytes, bytes, bytes, bytes]:
        status = status_of(asked.serial) if self._is_ours(asked) else CertificateStatus.unknown()
        extensions = b"" if status.state is State.UNKNOWN else self._single_extensions
        return _encode_status(status), this_update, next_update, extensions


def _encode_status(status: CertificateStatus) -> bytes:
    """CertStatus; RevokedInfo carries the reason where there is one to tell (RFC 5280, 5.3.1)."""
    if status.state is State.GOOD:
        return _GOOD
    if status.revoked_at is None:
        return _UNKNOWN
    reason = b"" if not status.reason else encode(_CONTEXT_0, bytes((_ENUMERATED, 1, status.reason)))
    return encode(_CONTEXT_1, _generalized_time(status.revoked_at), reason)


@lru_cache(maxsize=256)
def _generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime in UTC, whole seconds (RFC 5280, 4.1.2.5.2); many answers state the same ones."""
    return encode(GENERALIZED_TIME, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())
