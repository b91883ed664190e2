"""Marks of signatures without a field: in the last page's bottom margin, beside whatever stands there."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.pades.appearance import Appearance, FieldPlacement, SummaryMark
from qsignhub.signing.pades.page_geometry import Rectangle, overlap
from qsignhub.signing.pades.revision import prepare_signature
from tests.pdfs import pages_pdf, with_table

NOW = datetime(2026, 11, 24, 10, 2, 3, tzinfo=UTC)
A4, CROPPED = b"[0 0 595 842]", b"[-20 -10 595 842]/CropBox[40 60 555 800]"


def marked(
    folder: Path,
    count: int,
    media_box: bytes = A4,
    beside: tuple[FieldPlacement, ...] = (),
    content: bytes | None = None,
) -> list[Rectangle]:
    """Where the marks of that many signatures stand, made one after the other."""
    source, target = folder / "source.pdf", folder / "target.pdf"
    source.write_bytes(content or pages_pdf(2, media_box=media_box))
    for number in range(count):
        appearance = Appearance(SummaryMark(beside), f"Signer {number}", "qes", sandbox=True)
        name = f"Signature-{number}"
        prepare_signature(source, target, field_name=name, claimed_time=NOW, appearance=appearance)
        target.replace(source)
    reader = PdfFileReader(io.BytesIO(source.read_bytes()))
    first, last = (reader.find_page_for_modification(index)[0].get_object() for index in (0, 1))
    assert "/Annots" not in first
    widgets = (each.get_object() for each in list(last["/Annots"])[-count:])
    rectangles = [each["/Rect"] for each in widgets]
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in rectangles]


def pages_with(annotations: bytes, *objects: bytes) -> bytes:
    """Two pages, the last with annotations; ``objects`` are numbered from 7."""
    pages = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595 842]>>",
        b"<</Type/Page/Parent 2 0 R>>",
        b"<</Type/Page/Parent 2 0 R/Annots %s>>" % annotations,
        b"null",
        b"null",
    ]
    return with_table([*pages, *objects])


def within(inner: Rectangle, outer: Rectangle) -> bool:
    return all(inner[n] >= outer[n] for n in (0, 1)) and all(inner[n] <= outer[n] for n in (2, 3))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(("box", "seen"), [(A4, (0, 0, 595, 842)), (CROPPED, (40, 60, 555, 800))])
def test_twenty_stand_beside_each_other_at_the_bottom_as_it_is_seen(
    tmp_path: Path, box: bytes, seen: Rectangle, rotation: int
) -> None:
    marks = marked(tmp_path, 20, box + b"/Rotate %d" % rotation)
    assert len(marks) == 20
    assert not any(overlap(one, other) for one, other in combinations(marks, 2))
    left, bottom, right, top = seen
    reach = 150
    margin = {
        0: (left, bottom, right, bottom + reach),
        90: (right - reach, bottom, right, top),
        180: (left, top - reach, right, top),
        270: (left, bottom, left + reach, top),
    }[rotation]
    assert all(within(mark, margin) for mark in marks)


def test_the_first_row_is_no_higher_than_a_usual_margin(tmp_path: Path) -> None:
    assert all(top <= 36 for *_, top in marked(tmp_path, 5))


def test_what_stands_there_and_what_is_to_come_keeps_its_place(tmp_path: Path) -> None:
    coming = FieldPlacement(2, 20, 5, 130, 20)
    elsewhere = FieldPlacement(1, 0, 0, 595, 842)
    marks = marked(tmp_path, 3, beside=(coming, elsewhere))
    assert not any(overlap(mark, coming.rectangle) for mark in marks)
    assert all(bottom < 20 for _, bottom, _, _ in marks)


@pytest.mark.parametrize(
    "annotations",
    [b"[7 0 R]", b"8 0 R", b"[7 0 R 9 0 R 99 0 R]"],
    ids=["direct", "behind a reference", "odd ones"],
)
def test_annotations_of_the_document_are_stood_beside(tmp_path: Path, annotations: bytes) -> None:
    note = b"<</Type/Annot/Subtype/Square/F 4/Rect[300 40 10 5]>>"  # corners in another order
    content = pages_with(annotations, note, b"[7 0 R]", b"<</Type/Annot/Subtype/Link>>")
    mark = marked(tmp_path, 1, content=content)[-1]
    assert not overlap(mark, (10, 5, 300, 40))
    assert mark[1] < 20


@pytest.mark.parametrize("box", [b"[0 0 200 100]", b"[0 0 60 60]", b"[0 0 5 5]", b"[0 0 14400 20]"])
def test_a_small_page_has_smaller_marks_for_all(tmp_path: Path, box: bytes) -> None:
    marks = marked(tmp_path, 20, box)
    assert not any(overlap(one, other) for one, other in combinations(marks, 2))


def test_a_page_that_is_covered_takes_no_mark(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotSignable, match="no room left"):
        marked(tmp_path, 1, beside=(FieldPlacement(2, 0, 0, 595, 842),))
