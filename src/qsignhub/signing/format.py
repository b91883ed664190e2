"""What the signing cycle asks of a signature format: PAdES, XAdES, CAdES or ASiC behind one shape.

``prepare`` fixes what is to be signed, before any key is touched; ``imprint`` says what the timestamp
covers; ``embed`` puts signature, timestamp and validation data into the file; ``prepare_archive`` and
``complete_archive`` put archive timestamps over all of it (B-LTA). Between them there may be a crash, a
restart and another process: all that passes from one to the next is in these values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from qsignhub.foundation.signature_algorithms import SignatureAlgorithm
from qsignhub.signing.pades.appearance import Appearance
from qsignhub.signing.validation_data import ValidationData


@dataclass(frozen=True, slots=True)
class DataObject:
    """The document that is signed, as a signature outside of it names it: a plain file name, a media type."""

    name: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside of a PDF, put there with a signature that covers it (ISO 32000-2, 7.11.4)."""

    name: str
    mime_type: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Intent:
    """The signature that is wanted. ``name`` is unique in the document and begins with a letter."""

    name: str
    certificate: bytes
    algorithm: SignatureAlgorithm
    claimed_time: datetime
    data_object: DataObject
    chain: Sequence[bytes] = ()
    """Issuers' certificates that the signature will carry."""
    statement: str | None = None
    """What the one who signs says beside: of a seal, whose act it confirms. It is signed."""
    appearance: Appearance | None = None
    """Where and how the signature shows; for formats that can show one."""
    attachment: Attachment | None = None
    """For formats that can take one in."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be signed. It goes to the journal."""

    to_be_signed: bytes
    """CMS signed attributes, or an XML signature without its value."""
    reserved: tuple[int, int] | None = None
    """Room for the signature in a revision that was written to the target; None: nothing was written, and
    the signature is added to the latest revision later.
    """


@dataclass(frozen=True, slots=True)
class Made:
    """The signature as it was made: what ``Prepared`` said, and what came of it.

    Without ``timestamp_token`` it is B-B, without ``validation_data`` B-T, with both B-LT.
    """

    prepared: Prepared
    first: bool
    """No signature of ours is in the file yet: it is the document as it was uploaded."""
    data_object: DataObject
    certificate: bytes
    algorithm: SignatureAlgorithm
    chain: Sequence[bytes]
    """Issuers' certificates that the signature carries, without the root."""
    signature: bytes
    """As custody gives it: ECDSA-Sig-Value in DER, or the octets of RSA or Ed25519."""
    timestamp_token: bytes | None
    validation_data: ValidationData | None


@dataclass(frozen=True, slots=True)
class PreparedArchive:
    """What archive timestamps are wanted over: an imprint (SHA-256) for each, in their order."""

    imprints: tuple[bytes, ...]
    reserved: tuple[int, int] | None = None
    """Room for the one token in the target, where the format has such a room."""


class Format(Protocol):
    """All of them read and write files, and compute: not for the event loop.

    ``document`` is what is signed, as it was before the first signature; ``latest`` the file with the
    signatures so far.
    """

    suffix: str
    """Of the signed file's name, with its dot."""

    def prepare(self, document: Path, latest: Path | None, target: Path, intent: Intent) -> Prepared:
        """``latest`` None: this is the first signature. Raises DocumentNotSignable."""
        ...

    def message(self, prepared: Prepared) -> bytes:
        """What the signer's key signs."""
        ...

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:
        """SHA-256 of what the signature timestamp covers."""
        ...

    def embed(self, file: Path, made: Made) -> None:
        """Finishes the signature in ``file``: a private copy of the prepared revision, or of the latest, or,
        for the first signature, of the document.
        """
        ...

    def prepare_archive(
        self, document: Path, latest: Path, target: Path, *, name: str, data: ValidationData
    ) -> PreparedArchive:
        """Writes to ``target`` the signatures with validation data that they lack, and all but the tokens of
        archive timestamps over it. ``name`` is unique in the document.
        """
        ...

    def complete_archive(self, target: Path, prepared: PreparedArchive, tokens: Sequence[bytes]) -> None:
        """Puts in the tokens (DER), in the order of the imprints."""
        ...
