"""The few pieces of DER that certificates are put together from, and taken apart into (X.690)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

SEQUENCE, SET, OCTETS, BITS, INTEGER, NULL, OID = 0x30, 0x31, 0x04, 0x03, 0x02, 0x05, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
IA5, PRINTABLE, UTF8 = 0x16, 0x13, 0x0C


def emit(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    return emit(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    return emit(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return emit(OID, bytes(content))


def dotted(encoded: bytes) -> str:
    """What ``oid`` was given."""
    arcs, arc = [], 0
    for octet in encoded[2:]:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def time(moment: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime from then on (RFC 5280 clause 4.1.2.5)."""
    moment = moment.astimezone(UTC)
    if moment.year < 2050:
        return emit(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return emit(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def read(data: bytes) -> tuple[int, bytes, bytes]:
    """The first value: tag, content, what comes after. Raises ValueError where that is not DER."""
    if len(data) < 2:
        raise ValueError("not DER: cut short")
    tag, length, start = data[0], data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        start += count
        length = int.from_bytes(data[2:start], "big")
        if not 0 < count <= 4 or length < 0x80 or data[2] == 0:
            raise ValueError("not DER: a length in another than the shortest form")
    if len(data) < start + length:
        raise ValueError("not DER: cut short")
    return tag, data[start : start + length], data[start + length :]


def read_all(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values one after another: tag and content."""
    while data:
        tag, content, data = read(data)
        yield tag, content
