"""LibreOffice lays out Office documents, alone in a folder, and is not trusted with anything."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from qsignhub.documents.converter import Converter
from qsignhub.documents.errors import ConverterMissing, DocumentUnreadable
from qsignhub.documents.inspection import inspect_pdf
from qsignhub.documents.model import DOCX_TYPE, XLSX_TYPE
from tests.documents import office_files as made

office = pytest.mark.office


def text_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


async def converted(tmp_path: Path, content: bytes, mime_type: str = DOCX_TYPE) -> Path:
    source, target = tmp_path / "upload", tmp_path / "pages.pdf"
    source.write_bytes(content)
    await Converter().convert(source, mime_type, target, holder="acc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages.pdf", "upload"]
    return target


@office
async def test_a_word_document_becomes_pages(tmp_path: Path) -> None:
    pdf = await converted(tmp_path, made.word(200))
    assert (inspect_pdf(pdf).pages or 0) > 3
    assert "Zażółć gęślą jaźń" in text_of(pdf)


@office
async def test_a_workbook_becomes_pages_with_its_formulas_worked_out(tmp_path: Path) -> None:
    pdf = await converted(tmp_path, made.sheet(3), XLSX_TYPE)
    assert inspect_pdf(pdf).pages == 1
    assert "Position 3" in text_of(pdf)
    assert text_of(pdf).endswith("9")  # 4.5 * 2; the maker saved no value


@office
@pytest.mark.parametrize(
    ("content", "suffix", "kind", "mime_type"),
    [
        (b"Umowa", ".txt", "docx:MS Word 2007 XML", DOCX_TYPE),
        (b"Umowa,2\n", ".csv", "xlsx:Calc MS Excel 2007 XML", XLSX_TYPE),
    ],
)
async def test_its_own_documents_become_pages(
    tmp_path: Path, content: bytes, suffix: str, kind: str, mime_type: str
) -> None:
    assert "Umowa" in text_of(
        await converted(tmp_path, made.by_libreoffice(content, suffix, kind), mime_type)
    )


@pytest.fixture
def contacted() -> Iterator[tuple[int, threading.Event]]:
    """A listener on loopback, and whether anybody came."""
    came = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def wait() -> None:
            try:
                listener.accept()[0].close()
                came.set()
            except OSError:
                pass

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


PICTURE = (
    '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="p"/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr>'
    '<pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    f'<a:blip xmlns:r="{made.RELATIONS}" r:link="rId99"/></pic:blipFill><pic:spPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr>'
    "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)


@office
@pytest.mark.parametrize("kind", ["attachedTemplate", "image", "frame"])
async def test_case_26_even_uninspected_nothing_is_fetched(
    tmp_path: Path, contacted: tuple[int, threading.Event], kind: str
) -> None:
    """Such a document is refused before; the second wall must hold without the first."""
    port, came = contacted
    content = made.in_body(made.word(), PICTURE) if kind == "image" else made.word()
    await converted(tmp_path, made.related(content, kind, f"http://127.0.0.1:{port}/x"))
    assert not came.is_set()


@office
async def test_case_26_a_formula_fetches_nothing(
    tmp_path: Path, contacted: tuple[int, threading.Event]
) -> None:
    port, came = contacted
    formula = f'WEBSERVICE("http://127.0.0.1:{port}/")'.encode()
    await converted(
        tmp_path, made.changed(made.sheet(), "xl/worksheets/sheet1.xml", b"B1*2", formula), XLSX_TYPE
    )
    assert not came.is_set()


@office
async def test_case_24_a_file_of_ours_is_not_included(tmp_path: Path) -> None:
    secret = tmp_path.parent / f"{tmp_path.name}-secret.txt"
    secret.write_text("the master key")
    pdf = await converted(tmp_path, made.in_body(made.word(), made.field(f'INCLUDETEXT "{secret.as_uri()}"')))
    assert "master" not in text_of(pdf)


@office
async def test_a_broken_document_is_unreadable(tmp_path: Path) -> None:
    broken = made.packed(made.parts_of(made.word()) | {"word/document.xml": b"<w:document"})
    (tmp_path / "upload").write_bytes(broken)
    with pytest.raises(DocumentUnreadable):
        await Converter().convert(tmp_path / "upload", DOCX_TYPE, tmp_path / "pages.pdf", holder="acc")
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


@office
async def test_too_little_memory_is_the_document_s_fault_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(made.word())
    converter = Converter(memory_kib=200 * 1024)
    with pytest.raises(DocumentUnreadable):
        await converter.convert(tmp_path / "upload", DOCX_TYPE, tmp_path / "pages.pdf", holder="acc")
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def program(folder: Path, script: str) -> str:
    """A program that stands where LibreOffice would, to be slow in a way that LibreOffice cannot be made."""
    path = folder / "office"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def alive(folder: Path) -> list[str]:
    """Processes whose working folder is within ``folder``."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                where = str((process / "cwd").readlink())
            except OSError:
                continue
            if where.startswith(str(folder)):
                found.append(process.name)
    return found


async def test_what_takes_too_long_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "upload").write_bytes(b"x")
    converter = Converter(program=program(tmp_path, "sleep 300 & sleep 300"), timeout=1)
    with pytest.raises(DocumentUnreadable, match="took too long"):
        await converter.convert(work / "upload", DOCX_TYPE, work / "pages.pdf", holder="acc")
    async with asyncio.timeout(20):
        while alive(work):
            await asyncio.sleep(0.02)
    assert [path.name for path in work.iterdir()] == ["upload"]


async def test_cancelling_the_caller_kills_the_conversion(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "upload").write_bytes(b"x")
    started = tmp_path / "started"
    converter = Converter(program=program(tmp_path, f"touch {started}; sleep 300"))
    task = asyncio.create_task(
        converter.convert(work / "upload", DOCX_TYPE, work / "pages.pdf", holder="acc")
    )
    async with asyncio.timeout(20):
        while not started.exists():
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        while alive(work):
            await asyncio.sleep(0.02)
    assert [path.name for path in work.iterdir()] == ["upload"]


async def test_secrets_of_ours_are_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSIGNHUB_MASTER_KEY", "00" * 32)
    (tmp_path / "upload").write_bytes(b"x")
    seen = tmp_path / "seen"
    converter = Converter(program=program(tmp_path, f"env > {seen}"))
    with pytest.raises(DocumentUnreadable):
        await converter.convert(tmp_path / "upload", DOCX_TYPE, tmp_path / "pages.pdf", holder="acc")
    assert "HOME=" in seen.read_text()
    assert "QSIGNHUB" not in seen.read_text()


async def test_case_70_one_account_has_one_conversion_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"x")
    count = tmp_path / "count"
    script = f"echo in >> {count}; while ! [ -e {tmp_path}/go ]; do sleep 0.05; done; exit 1"
    converter = Converter(program=program(tmp_path, script))

    async def convert(holder: str, name: str) -> None:
        await converter.convert(tmp_path / "upload", DOCX_TYPE, tmp_path / name, holder=holder)

    greedy = [asyncio.create_task(convert("greedy", f"{number}.pdf")) for number in range(4)]
    async with asyncio.timeout(20):
        while not count.exists():
            await asyncio.sleep(0.02)
    other = asyncio.create_task(convert("other", "other.pdf"))
    async with asyncio.timeout(20):
        while count.read_text().count("in") < 2:
            await asyncio.sleep(0.02)
    assert count.read_text().count("in") == 2
    (tmp_path / "go").touch()
    outcomes = await asyncio.gather(*greedy, other, return_exceptions=True)
    assert all(isinstance(outcome, DocumentUnreadable) for outcome in outcomes)


async def test_without_libreoffice_it_says_so(tmp_path: Path) -> None:
    converter = Converter(program="no-such-office")
    assert not converter.is_there
    with pytest.raises(ConverterMissing, match="apt install"):
        await converter.ping()
    with pytest.raises(ConverterMissing):
        await converter.convert(tmp_path / "x", DOCX_TYPE, tmp_path / "y", holder="acc")
