"""How each program makes its document. A maker writes ``target``, from our text or another's work."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import typst
from reportlab.pdfgen.canvas import Canvas

from conformance.programs import ProgramFailed, run

_HTML = """<!DOCTYPE html>
<html lang="pl"><head><meta charset="utf-8"><title>Umowa najmu</title></head><body>
<h1>Umowa najmu / Lease</h1>
<p>Zażółć gęślą jaźń. Ελληνικά, български, Deutsch mit Umlauten: äöüß.</p>
<table><tr><td>Czynsz</td><td>1 200 EUR</td></tr><tr><td>Kaucja</td><td>2 400 EUR</td></tr></table>
</body></html>
"""
_TYPST = "= Umowa najmu\n\nZażółć gęślą jaźń. #lorem(80)\n\n#table(columns: 2, [Czynsz], [1 200 EUR])\n"
_CSV = "Pozycja,Kwota EUR\nCzynsz,1200\nKaucja,2400\n"


class Stage:
    """A folder where every document is made once, and can be what another is made from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._failed: dict[str, Exception] = {}

    def made(self, name: str, make: Maker) -> Path:
        """Raises ProgramMissing, ProgramFailed; again, what it raised first."""
        target = self.folder / name
        if name in self._failed:
            raise self._failed[name]
        if not target.exists():
            try:
                make(self, target)
            except Exception as failure:
                self._failed[name] = failure
                raise
        if not target.exists():
            raise ProgramFailed(f"{name} was not written")
        return target

    def text(self, name: str, content: str) -> Path:
        """A text of ours, which is not signed itself."""
        path = self.folder / "texts" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        return path


Maker: TypeAlias = Callable[[Stage, Path], None]


def libreoffice_pdf(stage: Stage, target: Path) -> None:
    _office(stage, stage.made("contract.fodt", libreoffice_fodt), target, "pdf:writer_pdf_Export")


def libreoffice_archive(stage: Stage, target: Path) -> None:
    options = 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}'
    _office(stage, stage.made("contract.fodt", libreoffice_fodt), target, options)


def libreoffice_fodt(stage: Stage, target: Path) -> None:
    text = stage.text("contract.html", _HTML)
    _office(stage, text, target, "fodt:OpenDocument Text Flat XML", "--infilter=HTML (StarWriter)")


def libreoffice_odt(stage: Stage, target: Path) -> None:
    _office(stage, stage.made("contract.fodt", libreoffice_fodt), target, "odt")


def libreoffice_docx(stage: Stage, target: Path) -> None:
    _office(stage, stage.made("contract.fodt", libreoffice_fodt), target, "docx:MS Word 2007 XML")


def libreoffice_xlsx(stage: Stage, target: Path) -> None:
    _office(stage, stage.text("costs.csv", _CSV), target, "xlsx:Calc MS Excel 2007 XML")


def libreoffice_fods(stage: Stage, target: Path) -> None:
    _office(stage, stage.text("costs.csv", _CSV), target, "fods")


def libreoffice_excel_xml(stage: Stage, target: Path) -> None:
    _office(stage, stage.text("costs.csv", _CSV), target, "xml:MS Excel 2003 XML")


def document_part(stage: Stage, target: Path) -> None:
    with zipfile.ZipFile(stage.made("contract.docx", libreoffice_docx)) as package:
        target.write_bytes(package.read("word/document.xml"))


def typst_archive(stage: Stage, target: Path) -> None:
    target.write_bytes(_typst(stage, "pdf", "a-3b"))


def typst_pdf_2(stage: Stage, target: Path) -> None:
    target.write_bytes(_typst(stage, "pdf", "2.0"))


def typst_svg(stage: Stage, target: Path) -> None:
    target.write_bytes(_typst(stage, "svg"))


def reportlab_form(stage: Stage, target: Path) -> None:  # noqa: ARG001  # a maker's shape
    canvas = Canvas(str(target), invariant=True)
    canvas.drawString(72, 760, "Application")
    canvas.acroForm.textfield(name="applicant", value="Anna Kowalska", x=72, y=700, width=220, height=24)
    canvas.acroForm.checkbox(name="agreed", checked=True, x=72, y=660, size=18)
    canvas.showPage()
    canvas.save()


def qpdf_object_streams(stage: Stage, target: Path) -> None:
    source = stage.made("libreoffice.pdf", libreoffice_pdf)
    run("qpdf", "--deterministic-id", "--object-streams=generate", source, target)


def qpdf_linearized(stage: Stage, target: Path) -> None:
    run("qpdf", "--deterministic-id", "--linearize", stage.made("chromium.pdf", chromium_print), target)


def qpdf_rotated(stage: Stage, target: Path) -> None:
    source = stage.made("reportlab-form.pdf", reportlab_form)
    run("qpdf", "--deterministic-id", "--rotate=+90", source, target)


def ghostscript(stage: Stage, target: Path) -> None:
    source = stage.made("libreoffice.pdf", libreoffice_pdf)
    run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=pdfwrite", f"-sOutputFile={target}", source)


def chromium_print(stage: Stage, target: Path) -> None:
    _chromium(stage, f"--print-to-pdf={target}")


def chromium_picture(stage: Stage, target: Path) -> None:
    _chromium(stage, f"--screenshot={target}", "--window-size=600,800")


def cairo_svg(stage: Stage, target: Path) -> None:
    run("pdftocairo", "-svg", stage.made("ghostscript.pdf", ghostscript), target)


def _office(stage: Stage, source: Path, target: Path, conversion: str, *options: str) -> None:
    """``conversion`` is ``EXTENSION[:FILTER]``; LibreOffice gives the source's name another extension."""
    out = stage.folder / "office"
    profile = (stage.folder / "office-profile").resolve().as_uri()
    run(
        *("soffice", f"-env:UserInstallation={profile}", "--headless", *options),
        *("--convert-to", conversion, "--outdir", out, source),
    )
    made = out / f"{source.stem}.{conversion.partition(':')[0]}"
    if not made.exists():
        raise ProgramFailed(f"soffice wrote nothing for {target.name}")
    made.replace(target)


def _chromium(stage: Stage, *task: str) -> None:
    page = stage.text("contract.html", _HTML).resolve().as_uri()
    profile = stage.folder / "chromium-profile"
    run(
        *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *(f"--user-data-dir={profile}", "--no-pdf-header-footer", *task, page),
    )


def _typst(stage: Stage, form: str, standard: str | None = None) -> bytes:
    source = stage.text("contract.typ", _TYPST)
    made = typst.compile(source, format=form, pdf_standards=standard or [])  # type: ignore[call-overload]
    return made if isinstance(made, bytes) else made[0]
