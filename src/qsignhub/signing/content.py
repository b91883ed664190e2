"""The document's bytes where they stand in a file: hashed and copied in pieces, never whole in memory; and
files that are written anew around them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qsignhub.foundation.signature_algorithms import HashName
from qsignhub.signing.errors import DocumentNotSignable

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """``size`` octets of the file at ``path``, from ``start``."""

    path: Path
    start: int
    size: int

    @classmethod
    def of(cls, path: Path) -> Content:
        """All of a file."""
        return cls(path, 0, path.stat().st_size)

    def pieces(self) -> Iterator[bytes]:
        """Raises DocumentNotSignable where the file ends too early."""
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


@contextmanager
def written_anew(file: Path) -> Iterator[Path]:
    """A place beside the file; what was written there takes the file's place, or none of it does."""
    finished = file.with_name(f"{file.name}.finished")
    try:
        yield finished
        finished.replace(file)
    finally:
        finished.unlink(missing_ok=True)
