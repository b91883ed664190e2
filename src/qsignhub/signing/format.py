"""What the signing cycle asks of a signature format: PAdES, XAdES or CAdES behind one shape.

``prepare`` fixes what is to be signed, before any key is touched; ``imprint`` says what the timestamp
covers; ``embed`` puts signature, timestamp and validation data into the file (B-LT). Between them there
may be a crash, a restart and another process: all that passes from one to the next is in these values.
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
class Intent:
    """The signature that is wanted. ``name`` is unique in the document and begins with a letter."""

    name: str
    certificate: bytes
    algorithm: SignatureAlgorithm
    claimed_time: datetime
    first: bool
    """No signature of ours is in the source yet: it is the document as it was uploaded."""
    chain: Sequence[bytes] = ()
    """Issuers' certificates that the signature will carry."""
    appearance: Appearance | None = None
    """Where and how the signature shows; for formats that can show one."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be signed. It goes to the journal."""

    to_be_signed: bytes
    """CMS signed attributes, or an XML signature without its value."""
    reserved: tuple[int, int] | None = None
    """Room for the signature in a revision that was written to the target; None: the source stays as it is,
    and the signature is added to it later.
    """


@dataclass(frozen=True, slots=True)
class Made:
    """The signature as it was made: what ``Prepared`` said, and what came of it."""

    prepared: Prepared
    first: bool
    certificate: bytes
    algorithm: SignatureAlgorithm
    chain: Sequence[bytes]
    """Issuers' certificates that the signature carries, without the root."""
    signature: bytes
    """As custody gives it: ECDSA-Sig-Value in DER, or the octets of RSA or Ed25519."""
    timestamp_token: bytes
    validation_data: ValidationData


class Format(Protocol):
    """All three read and write files, and compute: not for the event loop."""

    suffix: str
    """Of the signed file's name, with its dot."""
    archived: bool
    """Whether a document timestamp over everything ends a request (B-LTA)."""

    def prepare(self, source: Path, target: Path, intent: Intent) -> Prepared:
        """Raises DocumentNotSignable."""
        ...

    def message(self, prepared: Prepared) -> bytes:
        """What the signer's key signs."""
        ...

    def imprint(self, prepared: Prepared, signature: bytes, certificate: bytes) -> bytes:
        """SHA-256 of what the signature timestamp covers."""
        ...

    def embed(self, file: Path, made: Made) -> None:
        """Finishes the signature in ``file``, a private copy of the prepared revision or of the source."""
        ...
