"""The structure of a TimeStampToken: CMS SignedData around a TSTInfo (RFC 3161, RFC 5652).

Read in place: what was signed is handed on as the octets that came, never encoded anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qsignhub.foundation.der import (
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Fields,
    NotDer,
    dotted,
    elements,
    encode,
    object_identifier,
    read,
    unsigned,
)

SIGNED_DATA = object_identifier("1.2.840.113549.1.7.2")
TST_INFO = object_identifier("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = object_identifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = object_identifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = object_identifier("1.2.840.113549.1.9.16.2.12")
SIGNING_CERTIFICATE_V2 = object_identifier("1.2.840.113549.1.9.16.2.47")

_BOOLEAN = 0x01
_TRUE = b"\xff"
_CONTEXT_0 = 0xA0
_CONTEXT_1 = 0xA1
_KEY_IDENTIFIER = 0x80
_MILLIS = 0x80
_MICROS = 0x81
# EncapsulatedContentInfo other than id-data: version 3 at least (RFC 5652, 5.1)
_SIGNED_DATA_VERSIONS = (3, 4, 5)
_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,18}))?Z")


@dataclass(frozen=True, slots=True)
class TstInfo:
    policy: str
    hash_identifier: Element
    imprint: bytes
    serial: int
    gen_time: datetime
    accuracy: timedelta
    nonce: int | None


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token taken apart, nothing checked yet but its shape."""

    info_der: bytes
    certificates: tuple[bytes, ...]
    issuer_and_serial: tuple[bytes, bytes] | None
    """How the SignerInfo names the certificate, encoded; else by ``key_identifier``."""
    key_identifier: bytes | None
    digest_identifier: Element
    signed_attributes: bytes
    """The signed attributes as they are signed: under the tag SET OF."""
    attributes: dict[bytes, Element]
    """Attribute type (encoded) to its single value."""
    signature_identifier: Element
    signature: bytes


def read_token(der: bytes) -> SignedToken:
    """Takes a ContentInfo with a TimeStampToken apart. Raises NotDer for any other shape.

    Exactly one SignerInfo, signed attributes present, each attribute once and with one value.
    """
    content_info = Fields(read(der).content)
    if content_info.take(OBJECT_IDENTIFIER).raw != SIGNED_DATA:
        raise NotDer("the token is not CMS SignedData")
    explicit = content_info.take(_CONTEXT_0)
    content_info.end()

    fields = Fields(read(explicit.content).content)
    if unsigned(fields.take(INTEGER)) not in _SIGNED_DATA_VERSIONS:
        raise NotDer("SignedData has the wrong version")
    digest_algorithms = elements(fields.take(SET).content)
    encapsulated = Fields(fields.take(SEQUENCE).content)
    certificates = fields.optional(_CONTEXT_0)
    fields.optional(_CONTEXT_1)
    signer_infos = elements(fields.take(SET).content)
    fields.end()

    if encapsulated.take(OBJECT_IDENTIFIER).raw != TST_INFO:
        raise NotDer("the signed content is not a TSTInfo")
    info = read(encapsulated.take(_CONTEXT_0).content, OCTET_STRING).content
    encapsulated.end()
    if len(signer_infos) != 1 or signer_infos[0].tag != SEQUENCE:
        raise NotDer("there is not exactly one signer")
    # other choices of CertificateSet (attribute certificates) are passed over
    row = elements(certificates.content) if certificates else []
    embedded = tuple(element.raw for element in row if element.tag == SEQUENCE)
    token = _read_signer(signer_infos[0], info, embedded)
    # RFC 5652, 5.1: a digest algorithm that is not announced may be refused
    if _algorithm(token.digest_identifier) not in map(_algorithm, digest_algorithms):
        raise NotDer("the signer's digest algorithm is not announced")
    return token


def _algorithm(identifier: Element) -> bytes:
    """The algorithm alone: NULL parameters and absent ones mean the same (RFC 5754, section 2)."""
    return Fields(identifier.content).take(OBJECT_IDENTIFIER).raw


def _read_signer(signer: Element, info: bytes, certificates: tuple[bytes, ...]) -> SignedToken:
    fields = Fields(signer.content)
    version = unsigned(fields.take(INTEGER))
    by_name = fields.optional(SEQUENCE)
    by_key = None if by_name else fields.take(_KEY_IDENTIFIER)
    if version != (1 if by_name else 3):
        raise NotDer("SignerInfo has the wrong version")
    digest_identifier = fields.take(SEQUENCE)
    signed_attributes = fields.take(_CONTEXT_0)
    signature_identifier = fields.take(SEQUENCE)
    signature = fields.take(OCTET_STRING).content
    fields.optional(_CONTEXT_1)
    fields.end()

    issuer_and_serial = None
    if by_name:
        name = Fields(by_name.content)
        issuer_and_serial = (name.take(SEQUENCE).raw, name.take(INTEGER).raw)
        name.end()
    return SignedToken(
        info_der=info,
        certificates=certificates,
        issuer_and_serial=issuer_and_serial,
        key_identifier=by_key.content if by_key else None,
        digest_identifier=digest_identifier,
        signed_attributes=encode(SET, signed_attributes.content),
        attributes=_read_attributes(signed_attributes.content),
        signature_identifier=signature_identifier,
        signature=signature,
    )


def _read_attributes(content: bytes) -> dict[bytes, Element]:
    attributes: dict[bytes, Element] = {}
    for attribute in elements(content):
        fields = Fields(attribute.content)
        kind = fields.take(OBJECT_IDENTIFIER).raw
        values = elements(fields.take(SET).content)
        fields.end()
        if kind in attributes or len(values) != 1:
            raise NotDer("a signed attribute is there twice, or has not one value")
        attributes[kind] = values[0]
    return attributes


def read_tst_info(der: bytes) -> TstInfo:
    """Reads TSTInfo (RFC 3161, section 2.4.2). Raises NotDer; also for a critical extension."""
    fields = Fields(read(der).content)
    if unsigned(fields.take(INTEGER)) != 1:
        raise NotDer("TSTInfo has a version other than 1")
    policy = dotted(fields.take(OBJECT_IDENTIFIER).raw)
    imprint = Fields(fields.take(SEQUENCE).content)
    serial = unsigned(fields.take(INTEGER))
    gen_time = _read_time(fields.take(GENERALIZED_TIME).content)
    accuracy = fields.optional(SEQUENCE)
    fields.optional(_BOOLEAN)
    nonce = fields.optional(INTEGER)
    fields.optional(_CONTEXT_0)
    extensions = fields.optional(_CONTEXT_1)
    fields.end()
    hash_identifier = imprint.take(SEQUENCE)
    digest = imprint.take(OCTET_STRING).content
    imprint.end()
    for extension in elements(extensions.content) if extensions else []:
        parts = Fields(extension.content)
        parts.take(OBJECT_IDENTIFIER)
        critical = parts.optional(_BOOLEAN)
        if critical and critical.content == _TRUE:
            raise NotDer("TSTInfo has a critical extension that is not known")
    return TstInfo(
        policy=policy,
        hash_identifier=hash_identifier,
        imprint=digest,
        serial=serial,
        gen_time=gen_time,
        accuracy=_read_accuracy(accuracy) if accuracy else timedelta(0),
        nonce=None if nonce is None else unsigned(nonce),
    )


def _read_time(content: bytes) -> datetime:
    match = _TIME.fullmatch(content)
    if match is None:
        raise NotDer("genTime is not a time in UTC")
    fraction = (match.group(7) or b"")[:6].ljust(6, b"0")
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        return datetime(year, month, day, hour, minute, second, int(fraction), tzinfo=UTC)
    except ValueError as wrong:
        raise NotDer("genTime is not a time") from wrong


def _read_accuracy(accuracy: Element) -> timedelta:
    fields = Fields(accuracy.content)
    seconds, millis, micros = fields.optional(INTEGER), fields.optional(_MILLIS), fields.optional(_MICROS)
    fields.end()
    values = [unsigned(part) if part else 0 for part in (seconds, millis, micros)]
    if values[0] > 86_400 or values[1] > 999 or values[2] > 999:
        raise NotDer("the accuracy is out of its range")
    return timedelta(seconds=values[0], milliseconds=values[1], microseconds=values[2])
