"""Where a page lies in user space, so that a signature's field can be held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qsignhub.documents.inspection import inspect_pdf
from qsignhub.documents.page_boxes import Box, PageBoxes
from tests import pdfs
from tests.documents.test_signable import pdf_with

A4: Box = (0.0, 0.0, 595.0, 842.0)
A5: Box = (0.0, 0.0, 420.0, 595.0)


def test_equal_neighbours_are_kept_once() -> None:
    boxes = PageBoxes.of_pages([A4] * 5000 + [A5] + [None] * 2 + [A4])
    assert boxes.runs == ((5000, A4), (1, A5), (2, None), (1, A4))
    assert PageBoxes.from_json(boxes.as_json()) == boxes
    found = [boxes.of(page) for page in (1, 5000, 5001, 5002, 5003, 5004)]
    assert found == [A4, A4, A5, None, None, A4]


@pytest.mark.parametrize("page", [-1, 0, 3])
def test_a_page_that_is_not_there_has_no_box(page: int) -> None:
    assert PageBoxes.of_pages([A4, A4]).of(page) is None


@pytest.mark.parametrize(
    ("page", "box"),
    [
        ("", (0, 0, 200, 200)),
        ("/MediaBox [10 20 110 220]", (10, 20, 110, 220)),
        ("/MediaBox [110 220 10 20]", (10, 20, 110, 220)),
        ("/CropBox [50 60 150 160]", (50, 60, 150, 160)),
        ("/CropBox [-50 60 900 160]", (0, 60, 200, 160)),
        ("/CropBox [0 0 0 0]", (0, 0, 200, 200)),
        ("/CropBox (none)", (0, 0, 200, 200)),
        ("/Rotate 90", (0, 0, 200, 200)),
        ("/UserUnit 2", (0, 0, 200, 200)),
        ("/MediaBox [0 0 595.2756 841.8898]", (0, 0, 595.276, 841.89)),
    ],
)
def test_the_box_is_the_crop_box_within_the_media_box(tmp_path: Path, page: str, box: Box) -> None:
    content = pdf_with(page=page)
    if "/MediaBox" in page:
        content = pdf_with(page=page).replace(b"/MediaBox [0 0 200 200] /M", b"/XediaBox [0 0 200 200] /M")
    path = tmp_path / "document.pdf"
    path.write_bytes(content)
    assert inspect_pdf(path).page_boxes.of(1) == box


def test_pages_inherit_their_boxes(tmp_path: Path) -> None:
    content = pdf_with().replace(b"/MediaBox [0 0 200 200]", b"/XediaBox [0 0 200 200]")
    path = tmp_path / "document.pdf"
    path.write_bytes(content.replace(b"/Count 1 >>", b"/Count 1 >>"))
    assert inspect_pdf(path).page_boxes.of(1) is None
    path.write_bytes(pdfs.pages_pdf(3))
    assert inspect_pdf(path).page_boxes.runs == ((3, A4),)
