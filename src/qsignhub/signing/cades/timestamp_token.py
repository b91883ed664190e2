"""What may be added to a timestamp token (RFC 3161) that is kept, without breaking its signature."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qsignhub.foundation.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    SET,
    Fields,
    elements,
    encode,
    integer,
    read,
)
from qsignhub.signing.cades.signed_file import Surroundings
from qsignhub.signing.cades.signer_info import with_unsigned
from qsignhub.signing.cms import CONTEXT_0, CONTEXT_1, SIGNED_DATA, certificate_set
from qsignhub.signing.validation_data import ValidationData

_VERSION_5 = integer(5)  # see RFC 5652 clause 5.1: OCSP responses are among the revocation values


def with_attribute(token: bytes, attribute: bytes) -> bytes:
    """The token with one more unsigned attribute. Raises NotDer."""
    taken = _take_apart(token)
    return _put_together(replace(taken, signer_info=with_unsigned(taken.signer_info, attribute)))


def with_validation_data(token: bytes, data: ValidationData) -> bytes:
    """The token with its own validation data in SignedData (EN 319 162-1 annex A.7). Raises NotDer."""
    taken = _take_apart(token)
    version = _VERSION_5 if data.ocsp_responses else taken.version
    return _put_together(replace(taken, version=version, carried=taken.carried.completed(data)))


@dataclass(frozen=True, slots=True)
class _Token:
    version: bytes
    up_to_content: bytes
    """digestAlgorithms and encapContentInfo."""
    carried: Surroundings
    signer_info: bytes


def _take_apart(token: bytes) -> _Token:
    fields = Fields(read(token).content)
    fields.take(OBJECT_IDENTIFIER)
    fields = Fields(read(fields.take(CONTEXT_0).content).content)
    version, algorithms, content = fields.take(INTEGER), fields.take(SET), fields.take(SEQUENCE)
    certificates, crls = fields.optional(CONTEXT_0), fields.optional(CONTEXT_1)
    signer_info = read(fields.take(SET).content)  # that of the authority and no other (RFC 3161 clause 2.4.2)
    fields.end()
    return _Token(
        version.raw,
        algorithms.raw + content.raw,
        Surroundings(
            certificates=tuple(one.raw for one in elements(certificates.content)) if certificates else (),
            revocation_values=tuple(one.raw for one in elements(crls.content)) if crls else (),
        ),
        signer_info.raw,
    )


def _put_together(token: _Token) -> bytes:
    carried = token.carried
    signed_data = encode(
        SEQUENCE,
        token.version,
        token.up_to_content,
        certificate_set(carried.certificates) if carried.certificates else b"",
        encode(CONTEXT_1, *sorted(carried.revocation_values)) if carried.revocation_values else b"",
        encode(SET, token.signer_info),
    )
    return encode(SEQUENCE, SIGNED_DATA, encode(CONTEXT_0, signed_data))
