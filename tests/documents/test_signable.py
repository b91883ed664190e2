"""What cannot take a signature is refused when it is uploaded, not when its signer waits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qsignhub.documents.errors import DocumentUnreadable
from qsignhub.documents.inspection import inspect_pdf


def pdf_with(catalog: str = "", page: str = "", *more: str) -> bytes:
    """A one-page PDF by hand, something wrong in its catalog or page; ``more`` are objects 4 and on."""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] {page} >>",
        *more,
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n"
    )
    return body + end.encode() + b"%%EOF\n"


def test_the_same_without_the_fault_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "good.pdf"
    path.write_bytes(pdf_with())
    assert inspect_pdf(path).pages == 1
    assert [found.name for found in tmp_path.iterdir()] == ["good.pdf"]


@pytest.mark.parametrize(
    "fault",
    ["/AcroForm 3", "/AcroForm << /Fields 3 >>", "/DSS []", "page:/Annots 1"],
    ids=lambda f: re.sub(r"\W", "", f),
)
def test_what_cannot_take_a_signature_is_refused(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "bad.pdf"
    content = pdf_with(page=fault[5:]) if fault.startswith("page:") else pdf_with(catalog=fault)
    path.write_bytes(content)
    with pytest.raises(DocumentUnreadable):
        inspect_pdf(path)
    assert [found.name for found in tmp_path.iterdir()] == ["bad.pdf"]
