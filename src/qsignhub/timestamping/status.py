"""PKIStatusInfo: how an authority says yes or no (RFC 3161, section 2.4.2)."""

from __future__ import annotations

from enum import IntEnum

from qsignhub.foundation.der import BIT_STRING, INTEGER, SEQUENCE, Element, Fields, encode, unsigned

GRANTED = encode(SEQUENCE, encode(INTEGER, b"\x00"))
REJECTION = 2
_UTF8_STRING = 0x0C


class FailureInfo(IntEnum):
    """PKIFailureInfo: the bit that is set."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADD_INFO_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


TRANSIENT = frozenset({FailureInfo.TIME_NOT_AVAILABLE, FailureInfo.SYSTEM_FAILURE})
"""Failures of the authority, not of the request: the same request may succeed later."""


def rejection(failure: FailureInfo, text: str) -> bytes:
    """A whole TimeStampResp that refuses: status, statusString and failInfo, no token."""
    octets = failure // 8 + 1
    bits = (1 << (octets * 8 - 1 - failure)).to_bytes(octets, "big")
    return encode(
        SEQUENCE,
        encode(
            SEQUENCE,
            encode(INTEGER, bytes((REJECTION,))),
            encode(SEQUENCE, encode(_UTF8_STRING, text.encode())),
            # a named bit list has no trailing zero bits in DER (X.690, 11.2.2)
            encode(BIT_STRING, bytes((7 - failure % 8,)), bits),
        ),
    )


def read_status(info: Element) -> tuple[int, frozenset[int], str]:
    """PKIStatus, the set bits of failInfo, and what the authority wrote. Raises NotDer."""
    fields = Fields(info.content)
    status = unsigned(fields.take(INTEGER))
    free_text = fields.optional(SEQUENCE)
    fail_info = fields.optional(BIT_STRING)
    fields.end()
    bits = fail_info.content[1:] if fail_info else b""
    failures = frozenset(
        index * 8 + bit for index, octet in enumerate(bits) for bit in range(8) if octet & (0x80 >> bit)
    )
    return status, failures, _printable(free_text)


def _printable(free_text: Element | None) -> str:
    """The authority's words, fit for a log: printable, at most 200 characters."""
    if free_text is None:
        return ""
    text = free_text.content[2:].decode("utf-8", "replace")
    return "".join(character for character in text if character.isprintable())[:200]
