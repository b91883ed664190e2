"""Signed files that are not judged yet are refused, and never pass for something else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qsignhub.signing.cades.format import CAdES
from qsignhub.signing.format import Format
from qsignhub.signing.xades.format import XAdES
from qsignhub.validation.errors import UnsupportedSignatureFormat
from tests.signing.ades_signing import signed_by_all
from tests.validation.judging import judge, made


@pytest.mark.parametrize(
    ("form", "document", "told"),
    [
        (CAdES(attached=True), b"anything", "CAdES"),
        # a valid PAdES file inside: its verdict is not the outer signature's
        (CAdES(attached=True), None, "CAdES"),
        (XAdES(), b"<a/>", "XAdES"),
        (XAdES(), '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"), "XAdES"),
        (XAdES(), b"\xef\xbb\xbf\n<a>%PDF-1.7</a>", "XAdES"),
    ],
    ids=["cades", "cades around a pdf", "xades", "xades utf-16", "xades with a pdf header"],
)
def test_a_file_of_another_format_is_refused_with_its_name(
    tmp_path: Path, form: Format, document: bytes | None, told: str
):
    file = tmp_path / "signed"
    asyncio.run(signed_by_all(form, made("LTA") if document is None else document, file, 1))
    with pytest.raises(UnsupportedSignatureFormat, match=told):
        judge(file.read_bytes())


def test_an_asic_container_is_refused():
    with pytest.raises(UnsupportedSignatureFormat, match="ASiC"):
        judge(b"PK\x03\x04mimetype%PDF-1.7")
