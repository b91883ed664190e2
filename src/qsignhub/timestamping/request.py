"""TimeStampReq: asking for a timestamp (RFC 3161, section 2.4.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from qsignhub.foundation.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Fields,
    NotDer,
    dotted,
    encode,
    integer,
    object_identifier,
    read,
    unsigned,
)
from qsignhub.timestamping.algorithms import DIGEST_SIZES, HASH_IDENTIFIERS, HASH_OF_IDENTIFIER
from qsignhub.timestamping.errors import TimestampAlgorithmWeak, WrongImprint
from qsignhub.timestamping.status import FailureInfo

NONCE_BITS = 64
MAX_NONCE_OCTETS = 40
MAX_REQUEST_OCTETS = 16 * 1024

_VERSION_1 = integer(1)
_BOOLEAN = 0x01
_TRUE = encode(_BOOLEAN, b"\xff")
_EXTENSIONS = 0xA0


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    der: bytes
    imprint: bytes
    hash_algorithm: str
    nonce: int | None
    policy: str | None
    certificates_wanted: bool
    message_imprint: bytes
    """The MessageImprint, encoded: the answer repeats these octets."""


class RequestRefused(ValueError):
    """A request that an authority answers with a failure instead of a token."""

    def __init__(self, failure: FailureInfo, text: str) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text


def build_request(
    imprint: bytes, hash_algorithm: str = "sha256", *, nonce: int | None = None, policy: str | None = None
) -> TimestampRequest:
    """A request with a fresh nonce of 64 random bits and certReq true.

    Raises TimestampAlgorithmWeak for a hash other than SHA-2, WrongImprint for one of another length.
    """
    if hash_algorithm not in DIGEST_SIZES:
        raise TimestampAlgorithmWeak(
            f"{hash_algorithm[:20]!r} cannot be timestamped: take sha256, sha384 or sha512"
        )
    if len(imprint) != DIGEST_SIZES[hash_algorithm]:
        raise WrongImprint(f"A {hash_algorithm} digest has {DIGEST_SIZES[hash_algorithm]} octets")
    if nonce is None:
        nonce = secrets.randbits(NONCE_BITS)
    message_imprint = encode(SEQUENCE, HASH_IDENTIFIERS[hash_algorithm], encode(OCTET_STRING, imprint))
    der = encode(
        SEQUENCE,
        _VERSION_1,
        message_imprint,
        object_identifier(policy) if policy else b"",
        integer(nonce),
        _TRUE,
    )
    return TimestampRequest(der, imprint, hash_algorithm, nonce, policy, True, message_imprint)


def read_request(der: bytes) -> TimestampRequest:
    """Reads a request as an authority does. Raises RequestRefused, with the failure to answer with."""
    if len(der) > MAX_REQUEST_OCTETS:
        raise RequestRefused(FailureInfo.BAD_DATA_FORMAT, "the request is too long")
    try:
        return _read(der)
    except NotDer as wrong:
        raise RequestRefused(FailureInfo.BAD_DATA_FORMAT, f"not a TimeStampReq: {wrong}") from wrong


def _read(der: bytes) -> TimestampRequest:
    fields = Fields(read(der).content)
    if unsigned(fields.take(INTEGER)) != 1:
        raise RequestRefused(FailureInfo.BAD_DATA_FORMAT, "only version 1 is known")
    message_imprint = fields.take(SEQUENCE)
    policy = fields.optional(OBJECT_IDENTIFIER)
    nonce = fields.optional(INTEGER)
    certificates_wanted = fields.optional(_BOOLEAN)
    extensions = fields.optional(_EXTENSIONS)
    fields.end()

    parts = Fields(message_imprint.content)
    algorithm = parts.take(SEQUENCE)
    imprint = parts.take(OCTET_STRING).content
    parts.end()
    hash_algorithm = HASH_OF_IDENTIFIER.get(algorithm.raw)
    if hash_algorithm is None:
        raise RequestRefused(FailureInfo.BAD_ALG, "take SHA-256, SHA-384 or SHA-512")
    if len(imprint) != DIGEST_SIZES[hash_algorithm]:
        raise RequestRefused(FailureInfo.BAD_DATA_FORMAT, "the imprint's length is not that of its hash")
    if nonce is not None and len(nonce.content) > MAX_NONCE_OCTETS:
        raise RequestRefused(FailureInfo.BAD_DATA_FORMAT, "the nonce is too long")
    if extensions is not None:
        raise RequestRefused(FailureInfo.UNACCEPTED_EXTENSION, "no extension is known")
    return TimestampRequest(
        der=der,
        imprint=imprint,
        hash_algorithm=hash_algorithm,
        nonce=None if nonce is None else unsigned(nonce),
        policy=None if policy is None else dotted(policy.raw),
        certificates_wanted=certificates_wanted is not None and certificates_wanted.content != b"\x00",
        message_imprint=message_imprint.raw,
    )
