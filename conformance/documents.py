"""The documents that are signed: each made by somebody else's program, from a few lines of text of ours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from conformance import makers
from conformance.programs import ProgramFailed, ProgramMissing

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
PDF, XML = "application/pdf", "application/xml"


@dataclass(frozen=True, slots=True)
class Document:
    """``kind`` is what it is and who made it; ``family`` what formats it can be signed with."""

    path: Path
    kind: str
    mime_type: str
    foreign: bool = False
    """Signed already, by somebody else."""

    @property
    def family(self) -> str:
        return {PDF: "pdf", XML: "xml"}.get(self.mime_type, "other")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Found:
    documents: tuple[Document, ...]
    missing: tuple[str, ...]
    """What could not be made here, and why."""


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ODT = "application/vnd.oasis.opendocument.text"

_MADE: tuple[tuple[str, str, str, makers.Maker], ...] = (
    ("libreoffice.pdf", "PDF 1.6 by LibreOffice", PDF, makers.libreoffice_pdf),
    ("contract.docx", "DOCX by LibreOffice", _WORD, makers.libreoffice_docx),
    ("contract.fodt", "flat OpenDocument text by LibreOffice", XML, makers.libreoffice_fodt),
    ("costs.xlsx", "XLSX by LibreOffice", _SHEET, makers.libreoffice_xlsx),
    ("typst-a3b.pdf", "PDF/A-3b by Typst", PDF, makers.typst_archive),
    ("typst.svg", "SVG by Typst", XML, makers.typst_svg),
    ("reportlab-form.pdf", "PDF form by ReportLab", PDF, makers.reportlab_form),
    ("qpdf-object-streams.pdf", "PDF with object streams by qpdf", PDF, makers.qpdf_object_streams),
    ("qpdf-linearized.pdf", "linearized PDF by qpdf", PDF, makers.qpdf_linearized),
    ("qpdf-rotated.pdf", "rotated page by qpdf", PDF, makers.qpdf_rotated),
    ("typst-2.0.pdf", "PDF 2.0 by Typst", PDF, makers.typst_pdf_2),
    ("ghostscript.pdf", "PDF by Ghostscript", PDF, makers.ghostscript),
    ("chromium.pdf", "PDF printed by Chromium", PDF, makers.chromium_print),
    ("chromium.png", "PNG by Chromium", "image/png", makers.chromium_picture),
    ("cairo.svg", "SVG by cairo", XML, makers.cairo_svg),
    ("libreoffice-a2b.pdf", "PDF/A-2b by LibreOffice", PDF, makers.libreoffice_archive),
    ("costs.fods", "flat OpenDocument sheet by LibreOffice", XML, makers.libreoffice_fods),
    ("excel-2003.xml", "Excel 2003 XML by LibreOffice", XML, makers.libreoffice_excel_xml),
    ("document-part.xml", "main part of a DOCX by LibreOffice", XML, makers.document_part),
    ("contract.odt", "ODT by LibreOffice", _ODT, makers.libreoffice_odt),
)
_CORPUS: tuple[tuple[str, str, str, bool], ...] = (
    ("pades/s_no-signatures.pdf", "PDF 1.3 of the corpus, unsigned", PDF, False),
    ("pades/doc-firmado-LT.pdf", "PDF of the corpus, signed by a Spaniard", PDF, True),
)


def made_in(folder: Path) -> Found:
    """All that can be made here. The corpus of signed files is used where it is beside the checkout."""
    folder.mkdir(parents=True, exist_ok=True)
    stage = makers.Stage(folder)
    documents: list[Document] = []
    missing: list[str] = []
    for name, kind, mime_type, make in _MADE:
        try:
            documents.append(Document(stage.made(name, make), kind, mime_type))
        except (ProgramMissing, ProgramFailed) as failure:
            missing.append(f"{kind}: {failure}")
    for name, kind, mime_type, foreign in _CORPUS:
        if (CORPUS / name).is_file():
            documents.append(Document(CORPUS / name, kind, mime_type, foreign))
        else:
            missing.append(f"{kind}: the shared corpus is not beside this checkout")
    return Found(tuple(documents), tuple(missing))
