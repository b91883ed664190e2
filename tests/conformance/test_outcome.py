"""When a run holds, and when it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.documents import PDF, Document
from conformance.dss import verdict_of
from conformance.findings import Finding
from conformance.matrix import ALGORITHMS, LEVELS, Combination, full, slice_of
from conformance.outcome import Explanation, Outcome, Row, TamperedRow
from conformance.signing import Output

from conformance import report

DOCUMENT = Document(Path(__file__), "a file of ours", PDF)
COMBINATION = Combination(1, "pades", "enveloped", "B-LT", "ES256", 2, DOCUMENT)
WAYS = [("pades", "enveloped"), ("cades", "detached")]


def token(**fields: Any) -> dict[str, Any]:
    return {
        "indication": "TOTAL_PASSED",
        "sub_indication": None,
        "format": "PAdES-BASELINE-LT",
        "signed_by": "SANDBOX Anna Kowalska",
        "errors": [],
        "warnings": [],
        "information": [],
        "timestamps": [],
    } | fields


def row(*signatures: dict[str, Any], combination: Combination = COMBINATION) -> Row:
    verdict = verdict_of(combination, {"signatures": list(signatures), "timestamps": []})
    output = Output(combination, Path("1.pdf"), None, ())
    return Row(combination, output, sha256="a", verdict=verdict)


def outcome(*rows: Row, tampered: tuple[TamperedRow, ...] = ()) -> Outcome:
    explained = {"explained": Explanation("warning", "explained", "because", "clause 1")}
    return Outcome(rows, tampered, [DOCUMENT], [], {}, 1.0, explained)


def test_all_signatures_passed_at_the_level_that_is_claimed() -> None:
    assert outcome(row(token(), token())).holds


@pytest.mark.parametrize(
    "signatures",
    [
        [token()],
        [token(), token(format="PAdES-BASELINE-T")],
        [token(), token(errors=["an error"])],
        [token(), token(timestamps=[token(errors=["of a timestamp"])])],
        [token(), token(indication="INDETERMINATE", sub_indication="NO_POE")],
        [token(), token(warnings=["never seen"])],
    ],
    ids=["too few", "lower level", "error", "timestamp's error", "indeterminate", "unexplained warning"],
)
def test_what_does_not_hold(signatures: list[dict[str, Any]]) -> None:
    assert not outcome(row(*signatures)).holds


def test_a_warning_that_is_explained_holds_and_is_reported() -> None:
    found = outcome(row(token(), token(warnings=["explained"])))
    assert found.holds
    assert "because clause 1" in report.as_markdown(found)


def test_a_foreign_signature_is_not_ours_to_answer_for() -> None:
    combination = replace(COMBINATION, document=replace(DOCUMENT, foreign=True))
    foreign = token(signed_by="Juan", indication="INDETERMINATE")
    assert row(token(), foreign, token(), combination=combination).total_passed
    assert not row(token(), foreign, token()).total_passed


def test_what_could_not_be_signed_is_a_failure() -> None:
    failed = Row(COMBINATION, None, problem="not signed: no")
    (failure,) = outcome(failed).failures
    assert failure["errors"] == ["not signed: no"]
    assert failure["indication"] is None


def test_two_outputs_that_are_alike_are_a_copy() -> None:
    found = outcome(row(token(), token()), row(token(), token()))
    assert found.copies == 1
    assert not found.holds


@pytest.mark.parametrize(
    ("place", "passed", "by"),
    [
        ("content", 0, []),
        ("content", 1, ["DSS"]),
        ("signature value", 1, []),
        ("signature value", 2, ["DSS"]),
    ],
)
def test_who_passed_what_was_changed(place: Any, passed: int, by: list[str]) -> None:
    signatures = [token()] * passed + [token(indication="TOTAL_FAILED")] * (2 - passed)
    changed = TamperedRow(COMBINATION, place, verdict=row(*signatures).verdict)
    assert changed.passed_by == by
    assert outcome(row(token(), token()), tampered=(changed,)).holds == (not by)


def test_a_tool_that_passed_what_was_changed_is_named() -> None:
    changed = TamperedRow(COMBINATION, "content", tools=(Finding("pdfsig", "passed"),))
    assert changed.passed_by == ["pdfsig"]
    blind = Finding("openssl ts", "passed")  # over the signature value, not over the content
    assert TamperedRow(COMBINATION, "content", tools=(blind,)).passed_by == []


def test_a_tool_that_refuses_an_output_fails_the_run_and_one_that_cannot_judge_does_not() -> None:
    passed = row(token(), token())
    assert not outcome(replace(passed, tools=(Finding("pdfsig", "failed", "no"),))).holds
    assert outcome(replace(passed, tools=(Finding("xmlsec1", "cannot", "no PSS"),))).holds


def test_the_report_for_programs(tmp_path: Path) -> None:
    report.write(outcome(row(token(), token()), Row(COMBINATION, None, problem="no")), tmp_path)
    found = json.loads((tmp_path / "report.json").read_text())
    assert (found["outputs"], found["total_passed"]) == (2, 1)
    assert set(found["failures"][0]) == {"file", "indication", "sub_indication", "errors"}
    assert found["files"][0]["sha256"] == "a"


def test_the_matrix_has_everything_and_the_slice_every_level_and_algorithm() -> None:
    everything = full(WAYS, [DOCUMENT])
    assert len({one.name for one in everything}) == len(everything) == 2 * 48 + 2 * 4
    part = slice_of(WAYS, [DOCUMENT])
    assert {(one.format, one.packaging, one.level) for one in part} == {
        (*way, level) for way in WAYS for level in LEVELS
    }
    for way in WAYS:
        assert {one.algorithm for one in part if (one.format, one.packaging) == way} == set(ALGORITHMS)
