"""A CMS SignedData with its content inside (RFC 5652), as a file that is read and written in passing.

The content, up to the size of a document, is hashed and copied in pieces; only what stands around it,
certificates, revocation values and signatures, is held in memory. Definite lengths throughout (DER), but
for the order of the signatures: that is the order in which they were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from qsignhub.foundation.signature_algorithms import HashName
from qsignhub.signing.cms import (
    CONTEXT_0,
    CONTEXT_1,
    DATA,
    DIGEST_ALGORITHMS,
    SIGNED_DATA,
    certificate_set,
)
from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.format import Made

_PIECE = 1024 * 1024
_VERSION_5 = integer(5)  # revocation information of another kind than CRLs is present (RFC 5652 clause 5.1)
_OCSP_RESPONSE = object_identifier("1.3.6.1.5.5.7.16.2")  # id-ri-ocsp-response (RFC 5940 section 2.1)
_VERSION = 0x02
_MOST_HASHES = 256  # octets


@dataclass(frozen=True, slots=True)
class Content:
    """Where a document's bytes stand in a file."""

    path: Path
    start: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.size
            while left:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise DocumentNotSignable("The signed file ends before its content does.")
                left -= len(piece)
                yield piece

    def digest(self, hash_name: HashName) -> bytes:
        digest = hashlib.new(hash_name)
        for piece in self.pieces():
            digest.update(piece)
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands in SignedData beside the content: DER, each element as it came."""

    digest_algorithms: tuple[bytes, ...] = ()
    """AlgorithmIdentifiers of the signatures' hashes."""
    certificates: tuple[bytes, ...] = ()
    revocation_values: tuple[bytes, ...] = ()
    """RevocationInfoChoice: a CRL, or an OCSP response as other revocation information."""
    signer_infos: tuple[bytes, ...] = ()

    def joined(self, signer_info: bytes, made: Made) -> Surroundings:
        """With one more signature and its validation data; what is there already stays as it is."""
        data = made.validation_data
        answers = (encode(CONTEXT_1, _OCSP_RESPONSE, answer) for answer in data.ocsp_responses)
        return Surroundings(
            _each_once(self.digest_algorithms, [DIGEST_ALGORITHMS[made.algorithm.hash_name]]),
            _each_once(self.certificates, data.certificates),
            _each_once(self.revocation_values, data.crls, answers),
            (*self.signer_infos, signer_info),
        )


def unsigned(path: Path) -> tuple[Content, Surroundings]:
    """A document that nobody has signed yet: all of the file is content."""
    return Content(path, 0, path.stat().st_size), Surroundings()


def read(path: Path) -> tuple[Content, Surroundings]:
    """A signed file of our own making. Raises DocumentNotSignable where it is anything else."""
    try:
        with path.open("rb") as file:
            content, digest_algorithms = _read_up_to_content(file, path)
            file.seek(content.start + content.size)
            return content, _read_surroundings(digest_algorithms, file.read())
    except NotDer as wrong:
        raise DocumentNotSignable(f"The signed file is not one that takes a signature: {wrong}.") from wrong


def write(target: Path, content: Content, surroundings: Surroundings) -> None:
    """The whole file anew, its content copied from where it stands."""
    after = (
        certificate_set(surroundings.certificates)
        + encode(CONTEXT_1, *sorted(surroundings.revocation_values))
        + encode(SET, *surroundings.signer_infos)
    )
    octets = header(OCTET_STRING, content.size)
    explicit = header(CONTEXT_0, len(octets) + content.size)
    encapsulated = DATA + explicit + octets
    before = (
        _VERSION_5
        + encode(SET, *sorted(surroundings.digest_algorithms))
        + header(SEQUENCE, len(encapsulated) + content.size)
    )
    before += encapsulated
    for tag, prefix in ((SEQUENCE, b""), (CONTEXT_0, SIGNED_DATA), (SEQUENCE, b"")):
        before = prefix + header(tag, len(before) + content.size + len(after)) + before
    with target.open("wb") as file:
        file.write(before)
        for piece in content.pieces():
            file.write(piece)
        file.write(after)


def _read_up_to_content(file: BinaryIO, path: Path) -> tuple[Content, tuple[bytes, ...]]:
    read_header(file, SEQUENCE)
    _expect(file, OBJECT_IDENTIFIER, SIGNED_DATA)
    read_header(file, CONTEXT_0)
    read_header(file, SEQUENCE)
    _expect(file, _VERSION, _VERSION_5)
    digest_algorithms = _known_hashes(file.read(_size_in_bounds(file)))
    read_header(file, SEQUENCE)
    _expect(file, OBJECT_IDENTIFIER, DATA)
    read_header(file, CONTEXT_0)
    size = read_header(file, OCTET_STRING)
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


def _expect(file: BinaryIO, tag: int, element: bytes) -> None:
    if header(tag, size := read_header(file, tag)) + file.read(size) != element:
        raise NotDer("another value stands where this one is expected")


def _read_surroundings(digest_algorithms: tuple[bytes, ...], data: bytes) -> Surroundings:
    fields = Fields(data)
    certificates, revocation_values, signer_infos = (
        tuple(element.raw for element in elements(fields.take(tag).content))
        for tag in (CONTEXT_0, CONTEXT_1, SET)
    )
    fields.end()
    return Surroundings(digest_algorithms, certificates, revocation_values, signer_infos)


def _each_once(*many: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(element for some in many for element in some))
