"""What came of a run: every output with its verdicts, and whether it all holds."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.documents import Document
from conformance.dss import Verdict
from conformance.findings import Finding
from conformance.matrix import Combination
from conformance.signing import Output
from conformance.tampering import Place

_EXPLAINED = Path(__file__).with_name("warnings.toml")


@dataclass(frozen=True, slots=True)
class Explanation:
    kind: str
    text: str
    reason: str
    clause: str


def explanations() -> dict[str, Explanation]:
    """By their texts."""
    rows = tomllib.loads(_EXPLAINED.read_text())["explained"]
    return {row["text"]: Explanation(**row) for row in rows}


@dataclass(frozen=True, slots=True)
class Row:
    """One output. ``output`` is None where it could not be signed: then ``problem`` says why."""

    combination: Combination
    output: Output | None
    sha256: str | None = None
    verdict: Verdict | None = None
    problem: str | None = None
    tools: tuple[Finding, ...] = ()

    @property
    def total_passed(self) -> bool:
        """Every signature is TOTAL-PASSED at the level that is claimed, without an error."""
        verdict = self.verdict
        return verdict is not None and verdict.passed == self.combination.signers and not verdict.errors


@dataclass(frozen=True, slots=True)
class TamperedRow:
    """An output with one byte changed. ``place`` is where; ``problem`` says that no place was found."""

    combination: Combination
    place: Place
    verdict: Verdict | None = None
    problem: str | None = None
    tools: tuple[Finding, ...] = ()

    @property
    def passed_by(self) -> list[str]:
        """Who passed it all the same. Changed content is under every signature, a value is of one."""
        may_pass = 0 if self.place == "content" else self.combination.signers - 1
        dss = ["DSS"] if self.verdict is not None and self.verdict.passed > may_pass else []
        return dss + [one.tool for one in self.tools if one.outcome == "passed" and _looks_at(one, self)]


def _looks_at(finding: Finding, row: TamperedRow) -> bool:
    """A signature timestamp is over the signature value: it knows nothing of the content."""
    if finding.tool == "openssl ts":
        return row.place == "signature value"
    return not finding.tool.endswith("document timestamp")


@dataclass(frozen=True)
class Outcome:
    rows: Sequence[Row]
    tampered: Sequence[TamperedRow]
    documents: Sequence[Document]
    missing: Sequence[str]
    versions: Mapping[str, str]
    seconds: float
    explained: Mapping[str, Explanation] = field(default_factory=explanations)

    @property
    def copies(self) -> int:
        """Outputs that are byte for byte like another one."""
        counts = Counter(row.sha256 for row in self.rows if row.sha256)
        return sum(count - 1 for count in counts.values())

    @property
    def warnings(self) -> Counter[str]:
        return Counter(text for row in self.rows if row.verdict for text in row.verdict.warnings)

    @property
    def information(self) -> Counter[str]:
        return Counter(text for row in self.rows if row.verdict for text in row.verdict.information)

    @property
    def unexplained(self) -> list[str]:
        return [text for text in self.warnings if text not in self.explained]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [_failure(row) for row in self.rows if not row.total_passed]

    @property
    def refused_by_tools(self) -> list[tuple[Row, Finding]]:
        return [(row, one) for row in self.rows for one in row.tools if one.outcome == "failed"]

    @property
    def passed_though_tampered(self) -> list[TamperedRow]:
        return [row for row in self.tampered if row.passed_by or row.problem]

    @property
    def holds(self) -> bool:
        return bool(self.rows) and not (
            self.failures
            or self.unexplained
            or self.refused_by_tools
            or self.passed_though_tampered
            or self.copies
        )


def _failure(row: Row) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "file": row.output.file.name if row.output else row.combination.name,
        "indication": verdict.indication if verdict else None,
        "sub_indication": verdict.sub_indication if verdict else None,
        "errors": list(verdict.errors) if verdict else [row.problem],
    }
