"""The XML document that is signed, in canonical form: read by a hardened parser, written in pieces.

The tree takes up to sixteen times the file's size while it is there, so a process builds one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.xades.names import SIGNATURE
from qsignhub.signing.xades.outline import Outline, outline_of

_one_tree_at_a_time = threading.Lock()
_PIECE = 1024 * 1024


def write_canonical(
    path: Path, update: Callable[[bytes], object], *, surrounded_by: tuple[str, str] = ("", "")
) -> None:
    """Gives ``update`` the canonical document (exclusive, no comments), piece by piece.

    ``surrounded_by`` are markup that goes before and behind all that follows the XML declaration, with one
    element around it. Raises DocumentNotSignable for what is no XML, or has a document type declaration;
    for a signature in the document too: the packagings do not cover what is inside of it, or would break it.
    """
    outline = outline_of(path)  # refuses a document type declaration before the tree is built
    sink: Any = _Sink(update)
    with _one_tree_at_a_time:
        tree = _tree_of(path, outline, surrounded_by)
        tree.write(sink, method="c14n", exclusive=True, with_comments=False)


def _tree_of(path: Path, outline: Outline, surrounded_by: tuple[str, str]) -> etree._ElementTree:
    # huge: a text may be longer than 10 MB (a PDF in an invoice); elements nest 2,048 deep at most
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=False
    )
    source: Any = _Pieces(_surrounded(path, outline, surrounded_by))
    try:
        tree = etree.parse(source, parser)
    except etree.XMLSyntaxError as exc:
        raise DocumentNotSignable(f"The XML document cannot be read: {exc.msg}") from exc
    if next(tree.iter(SIGNATURE), None) is not None:
        raise DocumentNotSignable(
            "The XML document holds a signature already; it can be signed as it is with format cades, or "
            "with packaging detached or asic_e."
        )
    return tree


def _surrounded(path: Path, outline: Outline, markup: tuple[str, str]) -> Iterator[bytes]:
    before, behind = (one.encode(outline.encoding) for one in markup)
    with path.open("rb") as file:
        yield file.read(outline.start)
        yield before
        while piece := file.read(_PIECE):
            yield piece
    yield behind


class _Pieces:
    """A file to read from, made of pieces; each reading gives one of them, and nothing at the end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = (piece for piece in pieces if piece)

    def read(self, _size: int = -1) -> bytes:
        return next(self._pieces, b"")


class _Sink:
    """A file to write to that passes all on."""

    def __init__(self, update: Callable[[bytes], object]) -> None:
        self.write = update
