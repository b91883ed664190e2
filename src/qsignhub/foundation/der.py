"""Just enough DER (X.690) for CMS and RFC 3161, written and read by hand.

An object model that encodes the same structure again and again costs milliseconds per timestamp, more
than the cryptography by far; so constant parts are encoded once, and what comes in is read in place and
never encoded anew. The reader is strict: minimal definite lengths, low tag numbers, nothing left over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from asn1crypto import core

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8, PRINTABLE, IA5 = 0x0C, 0x13, 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
MAX_ELEMENTS = 256


class NotDer(ValueError):
    """The octets are not DER, or not the structure that stands here."""


class Element(NamedTuple):
    tag: int
    """The identifier octet: class, form and number."""
    content: bytes
    raw: bytes
    """Header and content, as they came."""


def encode(tag: int, *parts: bytes) -> bytes:
    """One element around the given content."""
    content = b"".join(parts)
    return header(tag, len(content)) + content


def header(tag: int, length: int) -> bytes:
    """Identifier and length of an element whose content, of ``length`` octets, is written elsewhere."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def sequence(*parts: bytes) -> bytes:
    return encode(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def time(moment: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime from then on (RFC 5280 clause 4.1.2.5, RFC 5652 clause 11.3)."""
    utc = moment.astimezone(UTC)
    if utc.year < 2050:
        return encode(UTC_TIME, f"{utc:%y%m%d%H%M%SZ}".encode())
    return encode(GENERALIZED_TIME, f"{utc:%Y%m%d%H%M%SZ}".encode())


@lru_cache(maxsize=256)
def object_identifier(dotted: str) -> bytes:
    """The encoded OBJECT IDENTIFIER of a dotted string."""
    encoded: bytes = core.ObjectIdentifier(dotted).dump()
    return encoded


@lru_cache(maxsize=256)
def dotted(encoded: bytes) -> str:
    """The dotted string of an encoded OBJECT IDENTIFIER."""
    try:
        value: str = core.ObjectIdentifier.load(encoded, strict=True).dotted
    except (ValueError, TypeError, IndexError) as wrong:
        raise NotDer("an object identifier cannot be read") from wrong
    return value


def elements(data: bytes) -> list[Element]:
    """The elements that stand in a row in ``data``. Raises NotDer."""
    found: list[Element] = []
    position, end = 0, len(data)
    while position < end:
        if len(found) == MAX_ELEMENTS:
            raise NotDer("too many elements")
        if end - position < 2:
            raise NotDer("an element is cut off")
        tag, length = data[position], data[position + 1]
        start = position + 2
        if tag & 0x1F == 0x1F:
            raise NotDer("a high tag number does not belong here")
        if length >= 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[start : start + width], "big")
            start += width
            if not 1 <= width <= 4 or length < 0x80 or length >> (8 * (width - 1)) == 0:
                raise NotDer("a length is not in its shortest form")
        stop = start + length
        if stop > end:
            raise NotDer("an element is cut off")
        found.append(Element(tag, data[start:stop], data[position:stop]))
        position = stop
    return found


def read_header(file: BinaryIO, tag: int) -> int:
    """Reads identifier and length where the file stands; the content's length. Raises NotDer."""
    start = file.read(2)
    if len(start) < 2 or start[0] != tag:
        raise NotDer("not the element that was expected")
    octets = file.read(start[1] & 0x7F) if start[1] >= 0x80 else b""
    length = int.from_bytes(octets, "big") if octets else start[1]
    if header(tag, length) != start + octets:
        raise NotDer("a length is not in its shortest form")
    return length


def read(data: bytes, tag: int = SEQUENCE) -> Element:
    """The one element that ``data`` is. Raises NotDer where it is another or more than one."""
    row = elements(data)
    if len(row) != 1 or row[0].tag != tag:
        raise NotDer("not the one element that was expected")
    return row[0]


class Fields:
    """The fields of a SEQUENCE, taken in their order."""

    __slots__ = ("_left",)

    def __init__(self, content: bytes) -> None:
        self._left = elements(content)
        self._left.reverse()

    def take(self, tag: int) -> Element:
        """The next field, which must have this tag. Raises NotDer."""
        if not self._left or self._left[-1].tag != tag:
            raise NotDer("a field is missing or of another type")
        return self._left.pop()

    def optional(self, tag: int) -> Element | None:
        """The next field if it has this tag."""
        if self._left and self._left[-1].tag == tag:
            return self._left.pop()
        return None

    def end(self) -> None:
        """Nothing may be left. Raises NotDer."""
        if self._left:
            raise NotDer("there is a field too many")


def unsigned(element: Element) -> int:
    """The value of a non-negative INTEGER. Raises NotDer."""
    content = element.content
    if not content or content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and content[1] < 0x80):
        raise NotDer("not a non-negative integer in its shortest form")
    return int.from_bytes(content, "big")
