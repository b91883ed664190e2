"""Visible signatures: what they say, that they fit their field, and where they stand."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.signing.errors import DocumentNotSignable
from qsignhub.signing.pades.appearance import TYPED, Appearance, FieldPlacement, Written, can_be_typed
from qsignhub.signing.pades.handwriting import Handwriting
from qsignhub.signing.pades.layout import Box, lay_out, writable_name
from qsignhub.signing.pades.revision import prepare_signature
from qsignhub.signing.pades.typeface import typeface, typeface_for
from tests.pdfs import form_pdf, pages_pdf

NOW = datetime(2025, 3, 1, 15, 3, 22, tzinfo=timezone(timedelta(hours=1)))
USUAL = FieldPlacement(1, 72, 640, 200, 80)
LONG_NAME = "Bartłomiej Świętosławski-Wiśniewski von und zu Grünwaldstein"
SCRAWL = Handwriting.parse("600.200_0.200-150.0-300.200-450.0-600.200")
METAS = [["Signed electronically · 2025-03-01 14:03:22 UTC", "Level requested: qualified (QES)"]]
SHORT_METAS = [["2025-03-01 14:03 UTC · QES requested"]]


def prepared(
    folder: Path,
    name: str = "Anna Kowalska",
    placement: FieldPlacement = USUAL,
    *,
    level: Literal["qes", "aes", "ses"] = "qes",
    sandbox: bool = True,
    reason: str | None = None,
    written: Written | None = None,
    pdf: bytes | None = None,
) -> bytes:
    source, target = folder / "source.pdf", folder / "target.pdf"
    source.write_bytes(pdf or pages_pdf(2))
    appearance = Appearance(placement, name, level, sandbox, reason, written)
    prepare_signature(source, target, field_name="Signature-1", claimed_time=NOW, appearance=appearance)
    return target.read_bytes()


def widget_of(pdf: bytes, page: int = 1) -> Any:
    reader = PdfFileReader(io.BytesIO(pdf))
    page_reference = reader.find_page_for_modification(page - 1)[0]
    (annotation,) = page_reference.get_object()["/Annots"]
    return annotation.get_object()


def text_of(pdf: bytes, page: int = 1, box: tuple[float, float, float, float] | None = None) -> str:
    """As a viewer that we did not write extracts it, from the whole page or from a box of it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        shown = document[page - 1]
        pypdfium2.raw.FPDFPage_Flatten(shown, pypdfium2.raw.FLAT_NORMALDISPLAY)
        extracted = document[page - 1].get_textpage()
        return str(extracted.get_text_bounded(*box) if box else extracted.get_text_range())
    finally:
        document.close()


def test_it_says_who_when_and_what_was_asked_for(tmp_path: Path) -> None:
    pdf = prepared(tmp_path, level="aes")
    within = text_of(pdf, box=(72, 640, 272, 720))
    assert "Anna Kowalska" in within
    assert "Signed electronically · 2025-03-01 14:03:22 UTC" in within
    assert "Level requested: advanced (AES)" in within
    assert "SANDBOX · no legal value" in within


def test_a_live_signature_has_no_sandbox_mark(tmp_path: Path) -> None:
    pdf = prepared(tmp_path, sandbox=False)
    assert "Anna Kowalska" in text_of(pdf)
    assert "SANDBOX" not in text_of(pdf)
    assert widget_of(pdf)["/TU"] == "Electronic signature of Anna Kowalska"


@pytest.mark.parametrize(
    "name",
    [
        "Zażółć Gęślą-Jaźń",
        "Jürgen Groß",
        "Jiří Dvořák",
        "Γεώργιος Παπαδόπουλος",
        "Святослав Ющенко",
        "Ştefan Țăranu",
        "Nguyễn Thị Ánh",
        "Ἀλέξανδρος Ὠνάσης",
        "Ђорђе Љубиша Џајић",
        "Þórður Guðmundsson",
        "Őry Szűcs Árpád",
        "Līga Ķēniņa Žemaitė",
        "გიორგი მაისურაძე",
        "Գևորգ Ստեփանյան",
    ],
)
def test_names_are_written_as_they_are_spelt(tmp_path: Path, name: str) -> None:
    assert name in text_of(prepared(tmp_path, name))
    face = typeface_for(name, "Semibold")
    assert writable_name(name, face) == name
    assert all(face.has(character) for character in name)


def test_a_decomposed_name_is_composed() -> None:
    assert writable_name("Jir\u030ci\u0301  Dvo\u0159a\u0301k", typeface("Semibold")) == "Jiří Dvořák"


def test_a_character_that_the_typeface_lacks_is_a_box(tmp_path: Path) -> None:
    name = "Anna \N{PARTY POPPER} 田 Kowalska"
    pdf = prepared(tmp_path, name)
    assert "Anna \ufffd \ufffd Kowalska" in text_of(pdf)
    assert widget_of(pdf)["/TU"].endswith(name)


@pytest.mark.parametrize("name", ["田中太郎", "محمد", "\N{PARTY POPPER}"])
def test_a_name_that_cannot_be_written_points_to_the_certificate(tmp_path: Path, name: str) -> None:
    assert "Signer named in the certificate" in text_of(prepared(tmp_path, name))


@pytest.mark.parametrize("name", ["Anna Kowalska", LONG_NAME, "W" * 200, "A b " * 50, "Ǻ"])
@pytest.mark.parametrize(
    "size", [(400, 200), (200, 80), (80, 20), (300, 12), (30, 80), (60, 100), (20, 8), (3, 3), (0.01, 0.01)]
)
def test_no_line_leaves_its_box(name: str, size: tuple[float, float]) -> None:
    box = Box(5, 3, *size)
    strong, plain = typeface("Semibold"), typeface("Regular")
    lines = lay_out(box, name, METAS, SHORT_METAS, strong, plain)
    assert lines
    for line in lines:
        right = line.x + line.face.width(line.text, line.size)
        assert (line.x, right) == pytest.approx((5, right))
        assert right <= box.x + box.width + 1e-6
        assert line.y >= box.y
        assert line.y + line.size <= box.y + box.height + 1e-6
    baselines = [line.y for line in lines]
    assert baselines == sorted(baselines, reverse=True)


def test_a_small_field_has_fewer_lines_and_a_long_name_two() -> None:
    strong, plain = typeface("Semibold"), typeface("Regular")

    def words(name: str, width: float, height: float) -> list[str]:
        box = Box(0, 0, width, height)
        return [line.text for line in lay_out(box, name, METAS, SHORT_METAS, strong, plain)]

    assert words("Anna Kowalska", 190, 60) == ["Anna Kowalska", *METAS[0]]
    assert words("Anna Kowalska", 78, 18) == ["Anna Kowalska", *SHORT_METAS[0]]
    assert words("Anna Kowalska", 60, 8) == ["Anna Kowalska"]
    first, second = LONG_NAME.split(" von ")
    assert words(LONG_NAME, 190, 60)[:2] == [first, f"von {second}"]
    (shortened,) = words("W" * 200, 78, 18)
    assert re.fullmatch("W+…", shortened)


@pytest.mark.parametrize(
    "size", [(200, 80), (80, 20), (20, 8), (3, 3), (0.00001, 0.00001), (14400, 14400), (14400, 1)]
)
def test_every_size_of_field_has_the_mark(tmp_path: Path, size: tuple[float, float]) -> None:
    pdf = prepared(tmp_path, LONG_NAME, FieldPlacement(1, 10, 10, *size))
    form = widget_of(pdf)["/AP"]["/N"]
    face = typeface("Semibold")
    mark = "".join(f"{face.glyph(character):04x}" for character in "SANDBOX")
    assert mark in form.data.decode()
    assert len(form.data) < 20_000


@pytest.mark.parametrize(
    ("rotation", "upright"), [(0, (200, 80)), (90, (80, 200)), (180, (200, 80)), (270, (80, 200))]
)
def test_a_field_stands_in_user_space_and_reads_upright(
    tmp_path: Path, rotation: int, upright: tuple[int, int]
) -> None:
    media_box = b"[0 0 595 842]/Rotate %d" % rotation
    pdf = prepared(tmp_path, pdf=pages_pdf(1, media_box=media_box))
    widget = widget_of(pdf)
    assert [float(value) for value in widget["/Rect"]] == [72, 640, 272, 720]
    assert [float(value) for value in widget["/AP"]["/N"]["/BBox"]] == [0, 0, *upright]
    a, b, c, d, e, f = (float(value) for value in widget["/AP"]["/N"]["/Matrix"])
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (0, upright[0]) for y in (0, upright[1])]
    assert sorted(corners) == [(0, 0), (0, 80), (200, 0), (200, 80)]
    # the direction of writing, turned with the page (clockwise), is to the right
    writing = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    assert (a, b) == writing


def test_the_widget_is_printed_and_stands_on_its_page_alone(tmp_path: Path) -> None:
    pdf = prepared(tmp_path, placement=FieldPlacement(2, 72, 640.5, 200, 80.25))
    widget = widget_of(pdf, 2)
    assert widget["/F"] & 4  # Print (ISO 32000-2, table 167)
    assert [float(value) for value in widget["/Rect"]] == [72, 640.5, 272, 720.75]
    assert "Anna Kowalska" not in text_of(pdf, 1)
    assert "Anna Kowalska" in text_of(pdf, 2)


def test_a_form_keeps_its_fields(tmp_path: Path) -> None:
    pdf = prepared(tmp_path, placement=FieldPlacement(1, 10, 10, 100, 40), pdf=form_pdf())
    fields = PdfFileReader(io.BytesIO(pdf)).root["/AcroForm"]["/Fields"]
    names = [field.get_object()["/T"] for field in fields]
    assert names == ["sum", "Signature-1"]


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentNotSignable):
        prepared(tmp_path, placement=FieldPlacement(3, 72, 640, 200, 80))


def test_an_invisible_signature_loads_no_typeface(tmp_path: Path) -> None:
    typeface.cache_clear()
    source, target = tmp_path / "source.pdf", tmp_path / "target.pdf"
    source.write_bytes(pages_pdf(1))
    prepare_signature(source, target, field_name="Signature-1", claimed_time=NOW)
    assert typeface.cache_info().misses == 0
    assert [float(value) for value in widget_of(target.read_bytes())["/Rect"]] == [0, 0, 0, 0]


def test_only_the_glyphs_in_use_are_embedded(tmp_path: Path) -> None:
    visible = len(prepared(tmp_path, LONG_NAME))
    source, target = tmp_path / "source.pdf", tmp_path / "target.pdf"
    prepare_signature(source, target, field_name="Signature-1", claimed_time=NOW)
    assert visible - target.stat().st_size < 14_000


def ink(pdf: bytes, box: tuple[float, float, float, float]) -> float:
    """The part of a box of the first page that is dark, as a viewer that we did not write draws it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        document.init_forms()
        left, bottom, right, top = box
        cropped = (left, bottom, 595 - right, 842 - top)
        drawn = document[0].render(scale=2, crop=cropped, may_draw_forms=True).to_pil().convert("L")
        return float(sum(drawn.histogram()[:128]) / (drawn.width * drawn.height))
    finally:
        document.close()


def test_a_reason_is_shown_in_as_many_lines_as_it_needs(tmp_path: Path) -> None:
    assert "Reason: Approved" in text_of(prepared(tmp_path, reason="Approved"))
    long = "I have read the agreement and approve it on behalf of the company, Warsaw"
    shown = text_of(prepared(tmp_path, reason=long))
    assert f"Reason: {long}" in " ".join(shown.split())
    assert "Reason" in text_of(prepared(tmp_path, placement=FieldPlacement(1, 72, 640, 80, 100), reason=long))


def test_a_drawing_stands_beside_the_words(tmp_path: Path) -> None:
    left, words = (75, 355, 152, 415), (155, 355, 272, 415)
    pdf = prepared(tmp_path, placement=FieldPlacement(1, 72, 340, 200, 80), written=SCRAWL, reason="Approved")
    assert ink(pdf, left) > 0.02
    assert not text_of(pdf, box=left).strip()
    within = text_of(pdf, box=words)
    for expected in ("Anna Kowalska", "2025-03-01 14:03:22 UTC", "Reason: Approved"):
        assert expected in within
    assert ink(pdf, (60, 421, 595, 460)) == ink(pdf, (273, 300, 595, 460)) == 0, (
        "nothing is drawn beyond the field"
    )


def test_a_typed_name_stands_beside_the_words_too(tmp_path: Path) -> None:
    assert text_of(prepared(tmp_path, written=TYPED)).count("Anna Kowalska") == 2
    _, second = LONG_NAME.split(" von ")
    assert text_of(prepared(tmp_path, LONG_NAME, written=TYPED)).count(f"von {second}") == 2


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("Zażółć Gęślą-Jaźń", True),
        ("Jiří Dvořák", True),
        ("Γεώργιος", True),
        ("Щастя Їжак", True),
        ("გიორგი", False),
        ("田中", False),
    ],
)
def test_which_names_can_be_typed(name: str, can: bool) -> None:
    assert can_be_typed(name) is can


@pytest.mark.parametrize("written", [SCRAWL, TYPED])
def test_a_field_too_small_for_both_has_the_words(tmp_path: Path, written: Written) -> None:
    pdf = prepared(tmp_path, placement=FieldPlacement(1, 72, 640, 80, 20), written=written)
    assert text_of(pdf).count("Anna Kowalska") == 1
    assert b" c\n" not in widget_of(pdf)["/AP"]["/N"].data


def test_colours_are_independent_of_the_device_and_opaque(tmp_path: Path) -> None:
    form = widget_of(prepared(tmp_path, written=SCRAWL))["/AP"]["/N"]
    assert form["/Resources"]["/ColorSpace"]["/C"][0] == "/CalRGB"
    assert not re.search(rb"\b(rg|RG|g|G|k|K|gs)\n", form.data + b"\n")
    assert "/ExtGState" not in form["/Resources"]
