"""A SignerInfo (RFC 5652 clause 5.3) as it came, its unsigned attributes read and added to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qsignhub.foundation.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Fields,
    NotDer,
    elements,
    encode,
    read,
)
from qsignhub.signing.cms import CONTEXT_0, CONTEXT_1

_SIGNED_FIELDS: Final = 6


def signed_fields(signer_info: bytes) -> bytes:
    """version, sid, digestAlgorithm, signedAttrs, signatureAlgorithm and signature, as they stand."""
    signed, _ = _parts(signer_info)
    return b"".join(field.raw for field in signed)


def unsigned_values(signer_info: bytes) -> Iterator[bytes]:
    """Of each value of each unsigned attribute: its type and it."""
    _, unsigned = _parts(signer_info)
    for one in elements(unsigned.content) if unsigned else ():
        fields = Fields(one.content)
        kind = fields.take(OBJECT_IDENTIFIER).raw
        for value in elements(fields.take(SET).content):
            yield kind + value.raw


def with_unsigned(signer_info: bytes, attribute: bytes) -> bytes:
    """With one more unsigned attribute, the last; what is there stays byte for byte. Raises NotDer."""
    _, unsigned = _parts(signer_info)
    present = unsigned.content if unsigned else b""
    return encode(SEQUENCE, signed_fields(signer_info), encode(CONTEXT_1, present, attribute))


def _parts(signer_info: bytes) -> tuple[list[Element], Element | None]:
    fields = elements(read(signer_info).content)
    signed, unsigned = fields[:_SIGNED_FIELDS], fields[_SIGNED_FIELDS:]
    if [one.tag for one in signed[3:]] != [CONTEXT_0, SEQUENCE, OCTET_STRING] or len(unsigned) > 1:
        raise NotDer("not a SignerInfo with signed attributes")
    return signed, unsigned[0] if unsigned else None
