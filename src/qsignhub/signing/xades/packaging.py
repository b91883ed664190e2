"""What differs between the ways to put XML signatures and their document together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lxml import etree

from qsignhub.signing.format import Intent, Made
from qsignhub.signing.xades.signature import DocumentReference


class Packaging(Protocol):
    """``document`` is what is signed, as it was uploaded; ``latest`` the file with the signatures so far."""

    suffix: str

    def reference(self, document: Path, latest: Path | None, intent: Intent) -> DocumentReference:
        """Raises DocumentNotSignable."""
        ...

    def add(self, file: Path, signature: bytes, made: Made) -> None:
        """``file`` is the document, and becomes the first signed file; or the latest signed file."""
        ...

    def write_document(self, document: Path, latest: Path, update: Callable[[bytes], object]) -> None:
        """Passes on, piece by piece, the octets that the signatures' references to the document digest."""
        ...

    def signatures(self, file: Path) -> list[etree._Element]:
        """All of them in their order, without the document that one may hold."""
        ...

    def replace(self, file: Path, signatures: Sequence[etree._Element]) -> None:
        """Each by the one at its place in the order, which has come from ``signatures``."""
        ...
