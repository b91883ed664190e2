"""Which PDFs are taken in, and what is found out about them."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from qsignhub.documents.errors import (
    DocumentAmbiguous,
    DocumentEncrypted,
    DocumentUnreadable,
    PageNotFound,
    UnsupportedDocumentType,
)
from qsignhub.documents.inspection import MAX_PIXELS, Inspection, inspect_file, inspect_pdf, render_page
from qsignhub.documents.pdf_structure import MAX_PAGES
from qsignhub.foundation.errors import Invalid
from tests import pdfs


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def _write(content: bytes) -> Path:
        path = tmp_path / "document"
        path.write_bytes(content)
        return path

    return _write


def _image(png: bytes | None) -> Image.Image:
    assert png is not None
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return image


def _is_blank(image: Image.Image) -> bool:
    return image.convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("pages", [1, 7])
def test_pages_are_counted_and_the_first_is_drawn(write, pages: int) -> None:
    inspection = inspect_pdf(write(pdfs.pages_pdf(pages)))
    assert inspection.pages == pages
    image = _image(inspection.preview_png)
    assert image.size == (707, 1000)
    assert not _is_blank(image)


def test_a_pdf_of_another_maker(write) -> None:
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=landscape(A4))
    for _ in range(3):
        canvas.drawString(100, 100, "Umowa o świadczenie usług")
        canvas.showPage()
    canvas.save()
    inspection = inspect_pdf(write(output.getvalue()))
    assert inspection.pages == 3
    assert _image(inspection.preview_png).size == (1000, 708)


def test_filled_form_fields_are_shown(write) -> None:
    assert not _is_blank(_image(inspect_pdf(write(pdfs.form_pdf())).preview_png))


def test_case_18_a_signed_pdf_passes(write) -> None:
    assert inspect_pdf(write(pdfs.signed_pdf())).pages == 1


@pytest.mark.parametrize("user_password", ["", "secret"])
def test_case_15_encrypted_is_refused(write, user_password: str) -> None:
    with pytest.raises(DocumentEncrypted) as caught:
        inspect_pdf(write(pdfs.encrypted_pdf(user_password=user_password)))
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_ENCRYPTED", "file")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pdfs.hybrid_pdf, "hybrid"),
        (pdfs.cyclic_prev_pdf, "loop"),
        (pdfs.broken_xref_pdf, "xref"),
        (pdfs.no_pages_pdf, "no pages"),
        (pdfs.cyclic_pages_pdf, "page tree"),
        (pdfs.miscounting_pdf, "1 pages, or 5"),
    ],
)
def test_case_20_broken_structure_is_refused(write, make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason) as caught:
        inspect_pdf(write(make()))
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_UNREADABLE", "file")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Pages 2 0 R", b"/Pages 9 0 R"),
        (b"/Pages 2 0 R", b"/Pxges 2 0 R"),
        (b"/Root 1 0 R", b"/Root 3 0 R"),
        (b"/Kids[4 0 R]", b"/Kids 4 0 R "),
        (b"/Kids[4 0 R]", b"/Kids[null ]"),
        (b"/Kids[4 0 R]", b"/Kids[5 0 R]"),
        (b"/Kids[4 0 R]", b"/Kids[88 0]"),
        (b"4 0 obj\n<<", b"4 0 obj\n[["),
        (b"4 0 obj", b"7 0 obj"),
        (b"trailer\n<<", b"trailer\n[["),
    ],
)
def test_case_20_malformed_is_refused(write, old: bytes, new: bytes) -> None:
    content = pdfs.one_page_pdf()
    assert old in content
    with pytest.raises(DocumentUnreadable):
        inspect_pdf(write(content.replace(old, new)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_case_20_any_damage_is_refused_or_harmless(write, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes change, the outcome is an inspection or one of our own refusals."""
    content = bytearray(pdfs.pages_pdf(2))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    try:
        outcome: object = inspect_file(write(bytes(content) or b"x"), None, None, "", tmp_path)
    except Invalid as refusal:
        outcome = refusal
    assert isinstance(
        outcome,
        (Inspection, DocumentUnreadable, DocumentAmbiguous, DocumentEncrypted, UnsupportedDocumentType),
    )


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(200), UnsupportedDocumentType),
        (pdfs.zip_archive(), UnsupportedDocumentType),
        (pdfs.one_page_pdf() + pdfs.zip_archive(), DocumentAmbiguous),
        (b"<script>alert(1)</script>" + pdfs.one_page_pdf(), DocumentAmbiguous),
    ],
)
def test_cases_14_and_22_are_refused_before_anything_is_parsed(
    write, tmp_path: Path, content: bytes, refusal: type[Invalid]
) -> None:
    with pytest.raises(refusal):
        inspect_file(write(content), None, None, "", tmp_path)


@pytest.mark.parametrize("size", [1_000, 9_999, 10_000, 100_003])
def test_a_pdf_of_any_size_can_be_made(write, size: int) -> None:
    path = write(pdfs.big_pdf(size))
    assert path.stat().st_size == size
    assert inspect_pdf(path).pages == 1


def test_too_many_pages_are_refused(write) -> None:
    with pytest.raises(DocumentUnreadable, match="10,000 pages"):
        inspect_pdf(write(pdfs.pages_pdf(MAX_PAGES + 500)))


@pytest.mark.parametrize(
    ("media_box", "size"),
    [
        (b"[0 0 14400 1]", (1000, 1)),
        (b"[0 0 1 14400]", (1, 1000)),
        (b"[0 0 1000000000 1000000000]", (1000, 1000)),
        (b"[0 0 0.001 0.001]", None),
        (b"[0 0 0 0]", None),
    ],
)
def test_absurd_page_sizes_stay_bounded(write, media_box: bytes, size: tuple[int, int] | None) -> None:
    image = _image(inspect_pdf(write(pdfs.one_page_pdf(media_box=media_box))).preview_png)
    assert max(image.size) == 1000
    if size is not None:
        assert image.size == size


def test_a_page_is_rendered_at_the_asked_width(write) -> None:
    path = write(pdfs.pages_pdf(2))
    first, second = (_image(render_page(path, index, 800)) for index in (0, 1))
    assert first.size == second.size == (800, 1133)
    assert first.tobytes() != second.tobytes()


@pytest.mark.parametrize("width", [-5, 0, 1, 50_000])
def test_rendering_is_bounded_in_pixels(write, width: int) -> None:
    image = _image(render_page(write(pdfs.one_page_pdf(media_box=b"[0 0 100 10000]")), 0, width))
    assert 1 <= image.width <= 4000
    assert image.width * image.height <= MAX_PIXELS * 1.01


@pytest.mark.parametrize("index", [-1, 2])
def test_a_page_that_is_not_there(write, index: int) -> None:
    with pytest.raises(PageNotFound):
        render_page(write(pdfs.pages_pdf(2)), index, 800)


def test_a_large_pdf_is_not_read_whole(write) -> None:
    path = write(pdfs.big_pdf(20_000_000))
    tracemalloc.start()
    try:
        assert inspect_pdf(path).pages == 1
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
