"""Visible signatures judged by DSS and veraPDF: several on one page are all valid, and PDF/A stays PDF/A."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

import pytest
import typst

from qsignhub.foundation.signature_algorithms import ES256
from qsignhub.signing.format import Intent, Made
from qsignhub.signing.pades.appearance import TYPED, Appearance, FieldPlacement, SummaryMark
from qsignhub.signing.pades.format import PAdES
from qsignhub.signing.pades.handwriting import Handwriting
from qsignhub.signing.validation_data import ValidationData
from tests.signing.ades_signing import (
    CLOCK,
    DATA_OBJECT,
    people,
    pki,
    root_crl,
    run,
    signature_value,
    status_answer,
    timestamped,
    trust_folder,
)

pytestmark = pytest.mark.tools
BUILT = Path(__file__).resolve().parents[2] / "conformance" / "target"
DRAWING = Handwriting.parse("600.200_25.120-50.158-92.133-133.67-175.98_300.20-310.190")
LOOKS = (
    Appearance(FieldPlacement(1, 60, 200, 200, 80), "Zażółć Gęślą", "qes", sandbox=True, reason="Approved"),
    Appearance(FieldPlacement(1, 300, 200, 200, 80), "Ἀλέξανδρος", "qes", sandbox=False, written=DRAWING),
    Appearance(FieldPlacement(1, 60, 300, 200, 80), "Святослав", "aes", sandbox=True, written=TYPED),
    Appearance(SummaryMark(), "გიორგი Գևորգ", "ses", sandbox=True),
)


async def signed(document: bytes, folder: Path, name: str) -> None:
    form, source, file, target = PAdES(), folder / "source.pdf", folder / name, folder / "target.pdf"
    source.write_bytes(document)
    chain = (pki().issuing.der,)
    for number, (person, look) in enumerate(zip(people(), LOOKS, strict=False), 1):
        first = number == 1
        intent = Intent(
            f"Signature-{number}", person.der, ES256, CLOCK.now(), DATA_OBJECT, chain, appearance=look
        )
        prepared = form.prepare(source, None if first else file, target, intent)
        value = signature_value(form, person, prepared)
        data = ValidationData(
            [person.der, pki().tsa.der, pki().issuing.der, pki().root.der],
            [status_answer(person.der), status_answer(pki().tsa.der)],
            [root_crl()],
        )
        token = await timestamped(form.imprint(prepared, value, person.der))
        form.embed(target, Made(prepared, first, DATA_OBJECT, person.der, ES256, chain, value, token, data))
        target.replace(file)
    source.unlink()


async def test_all_looks_on_one_page_of_every_pdfa(tmp_path: Path) -> None:
    if not (BUILT / "conformance.jar").is_file() or shutil.which("java") is None:
        pytest.skip("DSS is not built: cd conformance && mvn -q -B package")
    text = b'#set document(title: "Umowa", date: datetime(year: 2026, month: 11, day: 24))\n= Umowa'
    files = tmp_path / "files"
    files.mkdir()
    parts: tuple[tuple[str, Literal["a-1b", "a-2b", "a-3b"]], ...] = (
        ("1b", "a-1b"),
        ("2b", "a-2b"),
        ("3b", "a-3b"),
    )
    for part, standard in parts:
        await signed(typst.compile(text, pdf_standards=standard), files, f"{part}.pdf")
    said = run(
        *("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"),
        *("-cp", f"{BUILT}/conformance.jar:{BUILT}/lib/*", "io.qsignhub.conformance.Judge", "--pdfa"),
        *("--trust", trust_folder(tmp_path) / "root.pem", "--offline", "--out", tmp_path / "out", files),
    )
    assert said.returncode == 0, said.stderr
    for part, _ in parts:
        verdict = json.loads((tmp_path / "out" / f"{part}.pdf.json").read_text())
        assert verdict["pdfa"] == {"claimed": part, "compliant": True, "failures": []}
        assert len(verdict["signatures"]) == len(LOOKS)
        for one in verdict["signatures"]:
            found = one["indication"], one["format"], one["errors"], one["warnings"]
            assert found == ("TOTAL_PASSED", "PAdES-BASELINE-LT", [], [])
