"""What is signed: every format, packaging, level, algorithm and number of signers, on documents by turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from conformance.documents import Document

Level: TypeAlias = Literal["B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: Final[tuple[Level, ...]] = ("B-B", "B-T", "B-LT", "B-LTA")
ALGORITHMS: Final = ("ES256", "ES384", "RS256", "PS256")
SIGNERS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Combination:
    """``format`` and ``packaging`` as the API names them."""

    number: int
    format: str
    packaging: str
    level: Level
    algorithm: str
    signers: int
    document: Document

    @property
    def name(self) -> str:
        """Unique, and a file name without its extension."""
        return (
            f"{self.number:04}-{self.format}-{self.packaging}-{self.level}-{self.algorithm}"
            f"-{self.signers}-{self.document.path.stem}"
        )

    @property
    def dss_level(self) -> str:
        """The level as DSS names it."""
        name = {"pades": "PAdES", "xades": "XAdES", "cades": "CAdES"}[self.format]
        return f"{name}-BASELINE-{self.level.removeprefix('B-')}"


def can_take(form: str, packaging: str, document: Document) -> bool:
    """Whether a document can be signed so: PAdES is for PDF, enveloped and enveloping XAdES for XML."""
    if form == "pades":
        return document.family == "pdf"
    return packaging not in {"enveloped", "enveloping"} or document.family == "xml"


def full(ways: Sequence[tuple[str, str]], documents: Sequence[Document]) -> list[Combination]:
    """Everything with everything, then every document in every way at every level."""
    return _numbered(itertools.chain(_crossed(ways, documents), _each_document(ways, documents)))


def slice_of(ways: Sequence[tuple[str, str]], documents: Sequence[Document]) -> list[Combination]:
    """For a run in CI: every level of every way, each with another algorithm and number of signers."""
    algorithms, signers = itertools.cycle(ALGORITHMS), itertools.cycle(SIGNERS)
    turns = {way: _turn(way, documents) for way in ways}

    def chosen() -> Iterator[_Unnumbered]:
        for way in ways:
            next(algorithms)  # so that no level keeps to one algorithm
            for level in LEVELS:
                for _ in range(2):
                    document = next(turns[way], None)
                    if document is not None:
                        yield *way, level, next(algorithms), next(signers), document

    return _numbered(chosen())


_Unnumbered: TypeAlias = tuple[str, str, Level, str, int, Document]


def _crossed(ways: Sequence[tuple[str, str]], documents: Sequence[Document]) -> Iterator[_Unnumbered]:
    for way in ways:
        turn = _turn(way, documents)
        for level, algorithm, signers in itertools.product(LEVELS, ALGORITHMS, SIGNERS):
            document = next(turn, None)
            if document is not None:
                yield *way, level, algorithm, signers, document


def _each_document(ways: Sequence[tuple[str, str]], documents: Sequence[Document]) -> Iterator[_Unnumbered]:
    for way, level in itertools.product(ways, LEVELS):
        for document in documents:
            if can_take(*way, document):
                yield *way, level, "ES256", 1, document


def _turn(way: tuple[str, str], documents: Sequence[Document]) -> Iterator[Document]:
    """The documents that can be signed so, one after the other, without end; none if there is none."""
    return itertools.cycle([document for document in documents if can_take(*way, document)])


def _numbered(rows: Iterator[_Unnumbered]) -> list[Combination]:
    return [Combination(number, *row) for number, row in enumerate(rows, 1)]


Chooser: TypeAlias = Callable[[Sequence[tuple[str, str]], Sequence[Document]], list[Combination]]
