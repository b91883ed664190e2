"""Files signed, attacked and broken by others. Their roots are not known here, so nothing may pass; and what
was tampered with must not pass either when the very certificates in the file are taken for anchors.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.validation import TrustAnchor, ValidationReport
from qsignhub.validation.document import PARSER_ERRORS
from qsignhub.validation.errors import UnreadableDocument
from tests.validation.judging import judge

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
TAMPERED = ("attack", "forbidden", "ts-invalid", "coverage", "untrusted")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of signed files is not there"),
]


def _entries() -> list[dict[str, Any]]:
    if not CORPUS.is_dir():
        return []
    manifest = json.loads((CORPUS / "manifest.json").read_text())
    return [entry for entry in manifest if entry["file"].startswith("pades/")]


def _report(entry: dict[str, Any], anchors: list[TrustAnchor]) -> ValidationReport | None:
    try:
        return judge((CORPUS / entry["file"]).read_bytes(), now=NOW, anchors=anchors)
    except UnreadableDocument:
        return None


def _own_certificates(path: Path) -> list[TrustAnchor]:
    """Every signing certificate in the file: the attacker's best case."""
    with path.open("rb") as source:
        try:
            found = PdfFileReader(source, strict=False).embedded_signatures
            return [TrustAnchor(one.signer_cert.dump(), "operator") for one in found]
        except PARSER_ERRORS:
            return []


@pytest.mark.parametrize("entry", _entries(), ids=lambda entry: entry["file"])
def test_nothing_passes_without_a_known_root(entry) -> None:
    report = _report(entry, [])
    if report is None:
        return
    assert not report.valid
    assert report.reasons
    for signature in report.signatures:
        assert signature.indication != "TOTAL-PASSED"
        assert signature.signature_level == "SES"
    broken = entry["expected"]["integrity"].count(False)
    assert sum(not one.document_integrity for one in report.signatures) >= broken


def _hostile() -> list[dict[str, Any]]:
    return [
        entry
        for entry in _entries()
        if (entry["expected"]["category"] or "").startswith(TAMPERED)
        or False in entry["expected"]["integrity"]
        or entry["expected"]["timestamps_all_valid"] is False
    ]


@pytest.mark.parametrize("entry", _hostile(), ids=lambda entry: entry["file"])
def test_cases_52_to_57_an_attacked_file_is_not_valid_even_for_who_trusts_its_certificates(entry) -> None:
    report = _report(entry, _own_certificates(CORPUS / entry["file"]))
    assert report is None or not report.valid
