"""What a PDF must not do, and what is flagged."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from qsignhub.documents.errors import ActiveContent, DocumentLocked, DynamicForm
from qsignhub.documents.inspection import Inspection, inspect_pdf
from tests import pdfs
from tests.documents.test_signable import pdf_with


def _inspect(tmp_path: Path, content: bytes) -> Inspection:
    path = tmp_path / "document.pdf"
    path.write_bytes(content)
    return inspect_pdf(path)


def _codes(tmp_path: Path, content: bytes) -> list[str]:
    return [hazard.code for hazard in _inspect(tmp_path, content).hazards]


@pytest.mark.parametrize(
    ("catalog", "page"),
    [
        ("/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", ""),
        ("/OpenAction << /S /Launch /F (cmd.exe) >>", ""),
        ("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /JavaScript /JS (x) >> >>", ""),
        ("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /URI >> << /S /Launch >>] >>", ""),
        ("/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>", ""),
        ("/AA << /WC << /S /JavaScript /JS (x) >> >>", ""),
        ("/AcroForm << /Fields [<< /T (a) /FT /Tx /AA << /K << /S /JavaScript /JS (x) >> >> >>] >>", ""),
        ("/Outlines << /First << /Title (x) /A << /S /Launch /F (x) >> >> >>", ""),
        ("", "/AA << /O << /S /JavaScript /JS (x) >> >>"),
        ("", "/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (x) >> >>]"),
        ("", "/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /ImportData /F (x) >> >>]"),
        ("", "/Annots [<< /Subtype /Screen /Rect [0 0 9 9] /A << /S /Rendition /OP 0 /JS (x) >> >>]"),
        ("", "/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Java#53cript /J#53 (x) >> >>]"),
    ],
)
def test_case_16_what_acts_is_refused(tmp_path: Path, catalog: str, page: str) -> None:
    with pytest.raises(ActiveContent) as caught:
        _inspect(tmp_path, pdf_with(catalog, page))
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_ACTIVE_CONTENT", "file")


def test_case_16_what_acts_is_refused_inside_of_compressed_objects_too(tmp_path: Path) -> None:
    action = b"4 0 << /S /JavaScript /JS (x) >>"
    packed = zlib.compress(action)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        5: b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (len(packed), packed),
    }
    body, entries = b"%PDF-1.7\n", {0: (0, 0, 65535), 4: (2, 5, 0)}
    for number, content in objects.items():
        entries[number] = (1, len(body), 0)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    entries[6] = (1, len(body), 0)
    table = b"".join(
        bytes([kind]) + place.to_bytes(3, "big") + last.to_bytes(2, "big")
        for _, (kind, place, last) in sorted(entries.items())
    )
    stream = b"<< /Type /XRef /Size 7 /Root 1 0 R /W [1 3 2] /Length %d >>\nstream\n%s\nendstream" % (
        len(table),
        table,
    )
    pdf = body + b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream, len(body))
    with pytest.raises(ActiveContent):
        _inspect(tmp_path, pdf)


@pytest.mark.parametrize(
    ("catalog", "page"),
    [
        ("/OpenAction [3 0 R /Fit]", ""),
        ("/OpenAction << /S /GoTo /D [3 0 R /Fit] >>", ""),
        ("", "/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.example) >> >>]"),
    ],
)
def test_what_only_leads_somewhere_passes(tmp_path: Path, catalog: str, page: str) -> None:
    assert _codes(tmp_path, pdf_with(catalog, page)) == []


@pytest.mark.parametrize("xfa", ["(<xdp/>)", "[]"])
def test_case_17_xfa_is_refused(tmp_path: Path, xfa: str) -> None:
    with pytest.raises(DynamicForm) as caught:
        _inspect(tmp_path, pdf_with(f"/AcroForm << /Fields [] /XFA {xfa} >>"))
    assert caught.value.code == "DOCUMENT_DYNAMIC_FORM"


@pytest.mark.parametrize(
    ("catalog", "objects", "refused"),
    [
        ("/OpenAction << /S 4 0 R /F (x.exe) >>", ["/Launch"], ActiveContent),
        ("/AcroForm 4 0 R", ["<< /Fields [] /XFA [] >>"], DynamicForm),
        (
            "/Perms 4 0 R",
            [
                "<< /DocMDP 5 0 R >>",
                "<< /Type /Sig /Reference 6 0 R >>",
                "[7 0 R]",
                "<< /Type /SigRef /TransformMethod 8 0 R /TransformParams 9 0 R >>",
                "/DocMDP",
                "<< /P 10 0 R >>",
                "1",
            ],
            DocumentLocked,
        ),
    ],
)
def test_cases_16_17_19_hold_behind_references_too(
    tmp_path: Path, catalog: str, objects: list[str], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        _inspect(tmp_path, pdf_with(catalog, "", *objects))


def test_case_28_layers_are_flagged_behind_references_too(tmp_path: Path) -> None:
    layers = ["<< /OCGs 5 0 R /D << >> >>", "[6 0 R]", "<< /Type /OCG /Name (Overlay) >>"]
    assert _codes(tmp_path, pdf_with("/OCProperties 4 0 R", "", *layers)) == ["OPTIONAL_CONTENT"]


def _certified(parameters: str) -> bytes:
    return pdf_with(
        "/Perms << /DocMDP << /Type /Sig /Reference [<< /Type /SigRef /TransformMethod /DocMDP "
        f"/TransformParams {parameters} >>] >> >>"
    )


def test_case_19_a_document_that_allows_no_change_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentLocked) as caught:
        _inspect(tmp_path, _certified("<< /P 1 /V /1.2 >>"))
    assert caught.value.code == "DOCUMENT_LOCKED"


def _signed(lock: str, reference: str) -> bytes:
    """A form with a signature in its one field."""
    return pdf_with(
        "/AcroForm << /SigFlags 3 /Fields [4 0 R] >>",
        "",
        f"<< /FT /Sig /T (Author) /V 5 0 R {lock} >>",
        f"<< /Type /Sig /ByteRange [0 1 2 3] /Contents <00> {reference} >>",
    )


def _field_mdp(parameters: str) -> str:
    return f"/Reference [<< /TransformMethod /FieldMDP /TransformParams << {parameters} >> >>]"


@pytest.mark.parametrize(
    ("lock", "reference"),
    [
        ("", _field_mdp("/Action /All")),
        ("", _field_mdp("/Action /Exclude /Fields [(sum)]")),
        ("", _field_mdp("/Action /Include /Fields [(sum)] /P 1")),
        ("", "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]"),
        ("/Lock << /Action /Include /Fields [(sum)] /P 1 >>", ""),
    ],
)
def test_case_19_a_signature_that_locks_the_form_is_refused(
    tmp_path: Path, lock: str, reference: str
) -> None:
    with pytest.raises(DocumentLocked) as caught:
        _inspect(tmp_path, _signed(lock, reference))
    assert caught.value.code == "DOCUMENT_LOCKED"


@pytest.mark.parametrize("lock", ["", "/Lock << /Action /Include /Fields [(sum)] /P 2 >>"])
def test_a_signature_that_locks_other_fields_passes(tmp_path: Path, lock: str) -> None:
    signed = _signed(lock, _field_mdp("/Action /Include /Fields [(sum)]"))
    assert _codes(tmp_path, signed) == ["EXISTING_SIGNATURES"]


@pytest.mark.parametrize("parameters", ["<< /P 2 /V /1.2 >>", "<< /P 3 >>", "<< /V /1.2 >>"])
def test_a_certification_that_allows_signatures_is_flagged(tmp_path: Path, parameters: str) -> None:
    assert _codes(tmp_path, _certified(parameters)) == ["DOCMDP"]


def test_case_28_layers_are_flagged(tmp_path: Path) -> None:
    layers = "/OCProperties << /OCGs [<< /Type /OCG /Name (Overlay) >>] /D << >> >>"
    inspection = _inspect(tmp_path, pdf_with(layers))
    assert [hazard.code for hazard in inspection.hazards] == ["OPTIONAL_CONTENT"]
    assert "layers" in inspection.hazards[0].message
    assert _codes(tmp_path, pdf_with("/OCProperties << /OCGs [] /D << >> >>")) == []


def test_case_18_earlier_signatures_are_flagged(tmp_path: Path) -> None:
    assert _codes(tmp_path, pdfs.signed_pdf()) == ["EXISTING_SIGNATURES"]


def test_attached_files_are_flagged(tmp_path: Path) -> None:
    assert _codes(tmp_path, pdf_with("/Names << /EmbeddedFiles << /Names [] >> >>")) == ["EMBEDDED_FILES"]
