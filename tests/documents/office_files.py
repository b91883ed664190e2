"""Office documents made for tests: good ones of three makers, and hostile ones, each in one known way."""

from __future__ import annotations

import io
import struct
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def word(paragraphs: int = 3, text: str = "Umowa o świadczenie usług. Zażółć gęślą jaźń.") -> bytes:
    """By python-docx."""
    document = docx.Document()
    document.add_heading("Service Agreement", 0)
    for _ in range(paragraphs):
        document.add_paragraph(text)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def sheet(rows: int = 10) -> bytes:
    """By openpyxl."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in range(1, rows + 1):
        page.append([f"Position {row}", row * 1.5, f"=B{row}*2"])
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def by_libreoffice(content: bytes, suffix: str, kind: str) -> bytes:
    """``content``, a file of ``suffix``, as ``kind`` (``docx:MS Word 2007 XML``), by LibreOffice itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"made{suffix}").write_bytes(content)
        subprocess.run(
            [
                *("soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
                *("--convert-to", kind, "--outdir", str(folder / "out"), str(folder / f"made{suffix}")),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return next((folder / "out").iterdir()).read_bytes()


def parts_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return output.getvalue()


def changed(package: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """With ``old`` in a part replaced by ``new``."""
    parts = parts_of(package)
    assert old in parts[part], parts[part][:2000]
    return packed(parts | {part: parts[part].replace(old, new, 1)})


def added(package: bytes, name: str, content: bytes) -> bytes:
    return packed(parts_of(package) | {name: content})


def related(package: bytes, kind: str, target: str, *, external: bool = True) -> bytes:
    """With one more relationship of its main part; ``kind`` is the last step of its type."""
    part = "word/_rels/document.xml.rels"
    if part not in parts_of(package):
        part = "xl/_rels/workbook.xml.rels"
    mode = ' TargetMode="External"' if external else ""
    relation = f'<Relationship Id="rId99" Type="{RELATIONS}/{kind}" Target="{target}"{mode}/>'
    return changed(package, part, b"</Relationships>", f"{relation}</Relationships>".encode())


def in_body(package: bytes, markup: str) -> bytes:
    """A Word document with one more paragraph, ``markup`` inside of it."""
    return changed(package, "word/document.xml", b"<w:body>", f"<w:body><w:p>{markup}</w:p>".encode())


def field(*pieces: str) -> str:
    """A complex field whose instruction is spread over runs."""
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>shown</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def archive(
    *entries: tuple[bytes, bytes],
    flags: int = 0,
    declared_size: int | None = None,
    local_name: bytes | None = None,
    offset: int | None = None,
    crc: int | None = None,
) -> bytes:
    """A ZIP by hand, its entries deflated, that can say of them what is not so."""
    body, directory = b"", b""
    for name, content in entries:
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        compressed = deflater.compress(content) + deflater.flush()
        size = len(content) if declared_size is None else declared_size
        checksum = zlib.crc32(content) if crc is None else crc
        local = local_name or name
        place = len(body) if offset is None else offset
        common = struct.pack("<5H3L", 20, flags, 8, 0, 0, checksum, len(compressed), size)
        body += b"PK\x03\x04" + common + struct.pack("<2H", len(local), 0) + local + compressed
        directory += (
            b"PK\x01\x02\x14\x00" + common + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, place) + name
        )
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), 0
    )
    return body + directory + end
