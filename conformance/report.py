"""``report.json`` for programs, ``report.md`` for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from conformance.matrix import ALGORITHMS, LEVELS
from conformance.outcome import Outcome, Row

_MANY = 50


def write(outcome: Outcome, folder: Path) -> None:
    text = json.dumps(as_json(outcome), indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(f"{text}\n")
    (folder / "report.md").write_text(as_markdown(outcome))


def as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "outputs": len(outcome.rows),
        "total_passed": sum(row.total_passed for row in outcome.rows),
        "failures": outcome.failures,
        "holds": outcome.holds,
        "seconds": round(outcome.seconds, 1),
        "copies": outcome.copies,
        "tampered": {
            "outputs": len(outcome.tampered),
            "rejected_by": dict(rejected(outcome)),
            "passed": [
                {"file": row.combination.name, "place": row.place, "by": row.passed_by or [row.problem]}
                for row in outcome.passed_though_tampered
            ],
        },
        "warnings": _remarks(outcome, outcome.warnings),
        "information": _remarks(outcome, outcome.information),
        "tools": tools_table(outcome),
        "documents": [
            {"file": one.path.name, "kind": one.kind, "mime_type": one.mime_type, "sha256": one.sha256}
            for one in outcome.documents
        ],
        "missing_documents": list(outcome.missing),
        "versions": dict(outcome.versions),
        "files": [_file(row) for row in outcome.rows],
    }


def tools_table(outcome: Outcome) -> list[dict[str, Any]]:
    """For each tool and level of a format and packaging: how many it passed, failed, and cannot judge."""
    cells: dict[tuple[str, str, str, str], Counter[str]] = {}
    messages: dict[tuple[str, str, str, str], set[str]] = {}
    for row in outcome.rows:
        one = row.combination
        for finding in row.tools:
            key = (finding.tool, one.format, one.packaging, one.level)
            cells.setdefault(key, Counter())[finding.outcome] += 1
            if finding.said:
                messages.setdefault(key, set()).add(finding.said)
    return [
        {
            **dict(zip(("tool", "format", "packaging", "level"), key, strict=True)),
            **{kind: cells[key][kind] for kind in ("passed", "failed", "cannot")},
            "said": sorted(messages.get(key, ()))[:5],
        }
        for key in sorted(cells, key=lambda key: (key[:3], LEVELS.index(key[3])))
    ]


def rejected(outcome: Outcome) -> Counter[str]:
    """How many changed outputs each judge looked at and did not pass."""
    counts: Counter[str] = Counter()
    for row in outcome.tampered:
        counts["DSS"] += row.verdict is not None and "DSS" not in row.passed_by
        counts.update(one.tool for one in row.tools if one.outcome == "failed")
    return counts


def as_markdown(outcome: Outcome) -> str:
    parts = [
        "# Conformance",
        _summary(outcome),
        "## DSS",
        _table(
            ["format", "packaging", "level", *ALGORITHMS],
            [
                [*way, level, *(_cell(outcome, way, level, name) for name in ALGORITHMS)]
                for way in _ways(outcome)
                for level in LEVELS
            ],
        ),
    ]
    if outcome.failures:
        rows = [
            [one["file"], one["indication"] or "", one["sub_indication"] or "", "; ".join(one["errors"])]
            for one in outcome.failures[:_MANY]
        ]
        parts += ["## Not passed", _table(["file", "indication", "sub-indication", "errors"], rows)]
    remarks = [*_remarks(outcome, outcome.warnings, "warning"), *_remarks(outcome, outcome.information)]
    parts += [
        "## What DSS remarks",
        _table(
            ["kind", "message", "outputs", "why that is right"],
            [[one["kind"], one["text"], one["outputs"], one["reason"]] for one in remarks],
        )
        if remarks
        else "Nothing.",
        "## Other tools",
        _table(
            ["tool", "format", "packaging", "level", "passed", "failed", "cannot judge", "its own words"],
            [
                [
                    *(
                        one[key]
                        for key in ("tool", "format", "packaging", "level", "passed", "failed", "cannot")
                    ),
                    " / ".join(one["said"]),
                ]
                for one in tools_table(outcome)
            ],
        ),
        "## Changed by one byte",
        "Not passed by: " + ", ".join(f"{tool} {count}" for tool, count in rejected(outcome).most_common()),
        _table(
            ["file", "changed in", "passed by"],
            [
                [row.combination.name, row.place, ", ".join(row.passed_by) or row.problem]
                for row in outcome.passed_though_tampered
            ],
        )
        if outcome.passed_though_tampered
        else "Nobody passed one.",
        "## Documents",
        _table(
            ["file", "what and by whom", "SHA-256"],
            [[one.path.name, one.kind, f"`{one.sha256}`"] for one in outcome.documents],
        ),
        *(
            ["Not made here:\n\n" + "\n".join(f"- {one}" for one in outcome.missing)]
            if outcome.missing
            else []
        ),
        "## Programs",
        "\n".join(f"- {version}" for version in outcome.versions.values()),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(outcome: Outcome) -> str:
    passed = sum(row.total_passed for row in outcome.rows)
    tampered = len(outcome.tampered) - len(outcome.passed_though_tampered)
    return (
        f"{passed} of {len(outcome.rows)} outputs are TOTAL-PASSED at the level we claim, by DSS with its "
        f"default policy, our root as the only anchor and revocation checked over HTTP. {outcome.copies} are "
        f"copies. {tampered} of {len(outcome.tampered)} with one byte changed are passed by nobody. "
        f"It took {outcome.seconds:.0f} s."
    )


def _remarks(outcome: Outcome, counts: Counter[str], kind: str = "information") -> list[dict[str, Any]]:
    found = []
    for text, count in counts.most_common():
        why = outcome.explained.get(text)
        reason = f"{why.reason} {why.clause}" if why else ("UNEXPLAINED" if kind == "warning" else "")
        found.append({"kind": kind, "text": text, "outputs": count, "reason": reason})
    return found


def _file(row: Row) -> dict[str, Any]:
    one = row.combination
    return {
        "file": row.output.file.name if row.output else None,
        "sha256": row.sha256,
        "format": one.format,
        "packaging": one.packaging,
        "level": one.level,
        "algorithm": one.algorithm,
        "signers": one.signers,
        "document": one.document.path.name,
        "total_passed": row.total_passed,
        "tools": {finding.tool: finding.outcome for finding in row.tools},
    }


def _ways(outcome: Outcome) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.combination.format, row.combination.packaging) for row in outcome.rows))


def _cell(outcome: Outcome, way: tuple[str, str], level: str, algorithm: str) -> str:
    rows = [
        row.total_passed
        for row in outcome.rows
        if (
            row.combination.format,
            row.combination.packaging,
            row.combination.level,
            row.combination.algorithm,
        )
        == (*way, level, algorithm)
    ]
    return f"{sum(rows)}/{len(rows)}" if rows else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), line("---" for _ in head), *(line(row) for row in rows)])
