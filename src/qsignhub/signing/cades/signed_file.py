"""A CMS SignedData (RFC 5652), as a file that is read and written in passing: with its content inside, or
without it.

The content, up to the size of a document, is hashed and copied in pieces; only what stands around it,
certificates, revocation values and signatures, is held in memory. Definite lengths throughout (DER), but
for the order of the signatures: that is the order in which they were made.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from qsignhub.foundation.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Fields,
    NotDer,
    elements,
    encode,
    header,
    integer,
    object_identifier,
    read_header,
)
from qsignhub.signing.cms import (
    CONTEXT_0,
    CONTEXT_1,
    DATA,
    DIGEST_ALGORITHMS,
    SIGNED_DATA,
    certificate_set,
)
from qsignhub.signing.content import Content
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import Made
from qsignhub.signing.validation_data import ValidationData

_VERSION_1 = integer(1)
_VERSION_5 = integer(5)  # revocation information of another kind than CRLs is present (RFC 5652 clause 5.1)
_OCSP_RESPONSE = object_identifier("1.3.6.1.5.5.7.16.2")  # id-ri-ocsp-response (RFC 5940 section 2.1)
_VERSION = 0x02
_MOST_HASHES = 256  # octets


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands in SignedData beside the content: DER, each element as it came."""

    digest_algorithms: tuple[bytes, ...] = ()
    """AlgorithmIdentifiers of the signatures' hashes."""
    certificates: tuple[bytes, ...] = ()
    revocation_values: tuple[bytes, ...] = ()
    """RevocationInfoChoice: a CRL, or an OCSP response as other revocation information."""
    signer_infos: tuple[bytes, ...] = ()

    def signed(self, signer_info: bytes, made: Made) -> Surroundings:
        """With one more signature, its certificates and its validation data, if there are any."""
        hash_algorithm = DIGEST_ALGORITHMS[made.algorithm.hash_name]
        joined = replace(
            self,
            digest_algorithms=_each_once(self.digest_algorithms, [hash_algorithm]),
            certificates=_each_once(self.certificates, [made.certificate], made.chain),
            signer_infos=(*self.signer_infos, signer_info),
        )
        return joined.completed(made.validation_data) if made.validation_data else joined

    def completed(self, data: ValidationData) -> Surroundings:
        """With more validation data (EN 319 122-1 clause 5.4); what is there already stays as it is."""
        answers = (encode(CONTEXT_1, _OCSP_RESPONSE, answer) for answer in data.ocsp_responses)
        return replace(
            self,
            certificates=_each_once(self.certificates, data.certificates),
            revocation_values=_each_once(self.revocation_values, data.crls, answers),
        )


def read(path: Path) -> tuple[Content | None, Surroundings]:
    """A signed file of our own making, and where its content stands in it, if it is inside.

    Raises DocumentNotSignable where it is anything else.
    """
    with path.open("rb") as file:
        return _read(file, path)


def parse(data: bytes) -> Surroundings:
    """A signature without its content, of our own making. Raises DocumentNotSignable."""
    _, surroundings = _read(io.BytesIO(data), None)
    return surroundings


def write(target: Path, content: Content | None, surroundings: Surroundings) -> None:
    """The whole file anew, its content copied from where it stands."""
    before, after = _around(None if content is None else content.size, surroundings)
    with target.open("wb") as file:
        file.write(before)
        for piece in content.pieces() if content else ():
            file.write(piece)
        file.write(after)


def encoded(surroundings: Surroundings) -> bytes:
    """The signature without its content."""
    return b"".join(_around(None, surroundings))


def _around(size: int | None, surroundings: Surroundings) -> tuple[bytes, bytes]:
    """What stands before and after a content of ``size`` octets; None: there is no content."""
    revocation_values = surroundings.revocation_values
    other = any(one.startswith(bytes([CONTEXT_1])) for one in revocation_values)
    after = certificate_set(surroundings.certificates)
    if revocation_values:
        after += encode(CONTEXT_1, *sorted(revocation_values))
    after += encode(SET, *surroundings.signer_infos)

    inside = size or 0
    encapsulated = DATA
    if size is not None:
        octets = header(OCTET_STRING, size)
        encapsulated += header(CONTEXT_0, len(octets) + size) + octets
    before = _VERSION_5 if other else _VERSION_1
    before += encode(SET, *sorted(surroundings.digest_algorithms))
    before += header(SEQUENCE, len(encapsulated) + inside) + encapsulated
    for tag, prefix in ((SEQUENCE, b""), (CONTEXT_0, SIGNED_DATA), (SEQUENCE, b"")):
        before = prefix + header(tag, len(before) + inside + len(after)) + before
    return before, after


def _read(file: BinaryIO, path: Path | None) -> tuple[Content | None, Surroundings]:
    try:
        content, digest_algorithms = _read_up_to_content(file, path)
        if content is not None:
            file.seek(content.start + content.size)
        return content, _read_surroundings(digest_algorithms, file.read())
    except NotDer as wrong:
        raise DocumentNotSignable(f"The signed file is not one that takes a signature: {wrong}.") from wrong


def _read_up_to_content(file: BinaryIO, path: Path | None) -> tuple[Content | None, tuple[bytes, ...]]:
    read_header(file, SEQUENCE)
    _expect(file, OBJECT_IDENTIFIER, SIGNED_DATA)
    read_header(file, CONTEXT_0)
    read_header(file, SEQUENCE)
    _expect(file, _VERSION, _VERSION_1, _VERSION_5)
    digest_algorithms = _known_hashes(file.read(_size_in_bounds(file)))
    encapsulated = read_header(file, SEQUENCE)
    _expect(file, OBJECT_IDENTIFIER, DATA)
    if encapsulated == len(DATA):
        return None, digest_algorithms
    read_header(file, CONTEXT_0)
    size = read_header(file, OCTET_STRING)
    if path is None:
        raise NotDer("its content is inside")
    if size > path.stat().st_size:
        raise NotDer("its content is cut off")
    return Content(path, file.tell(), size), digest_algorithms


def _size_in_bounds(file: BinaryIO) -> int:
    if (size := read_header(file, SET)) > _MOST_HASHES:
        raise NotDer("there are too many digest algorithms")
    return size


def _known_hashes(data: bytes) -> tuple[bytes, ...]:
    found = tuple(element.raw for element in elements(data))
    if not found or not set(found) <= set(DIGEST_ALGORITHMS.values()):
        raise NotDer("a digest algorithm is not one of ours")
    return found


def _expect(file: BinaryIO, tag: int, *wanted: bytes) -> None:
    size = read_header(file, tag)
    if size > max(map(len, wanted)) or header(tag, size) + file.read(size) not in wanted:
        raise NotDer("another value stands where this one is expected")


def _read_surroundings(digest_algorithms: tuple[bytes, ...], data: bytes) -> Surroundings:
    fields = Fields(data)
    certificates = fields.take(CONTEXT_0)
    revocation_values = fields.optional(CONTEXT_1)
    signer_infos = fields.take(SET)
    fields.end()
    return Surroundings(
        digest_algorithms,
        _each(certificates.content),
        _each(revocation_values.content) if revocation_values else (),
        _each(signer_infos.content),
    )


def _each(content: bytes) -> tuple[bytes, ...]:
    return tuple(element.raw for element in elements(content))


def _each_once(*many: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(element for some in many for element in some))
