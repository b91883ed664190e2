"""The container, read by unzip and by zipfile, which we did not write; and what is not one of ours."""

from __future__ import annotations

import filecmp
import resource
import zipfile
from pathlib import Path

import pytest

from qsignhub.signing.asic.container import Container, entry_uri, read, write
from qsignhub.signing.content import Content
from qsignhub.signing.document_name import entry_name
from qsignhub.signing.errors import DocumentNotSignable
from tests.signing.ades_signing import run

DOCUMENT = b"Umowa\r\n" * 1000
METADATA = {"META-INF/ASiCManifest001.xml": b"<a/>", "META-INF/signature001.p7s": b"0\x00"}
NAME = "Umowa 1 żółć.docx"


def container(folder: Path, name: str = NAME, content: bytes = DOCUMENT) -> Path:
    (folder / "document").write_bytes(content)
    write(folder / "a.asice", Container(name, Content.of(folder / "document"), METADATA))
    return folder / "a.asice"


def rezipped(folder: Path, *entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(folder / "b.asice", "w", compression) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return folder / "b.asice"


MIMETYPE = ("mimetype", b"application/vnd.etsi.asic-e+zip")
GOOD = (MIMETYPE, ("a.txt", b"a"), ("META-INF/signature001.p7s", b"s"))


def test_what_is_written_is_read_again(tmp_path: Path):
    found = read(container(tmp_path))
    assert (found.name, dict(found.metadata)) == (NAME, METADATA)
    assert b"".join(found.content.pieces()) == DOCUMENT


@pytest.mark.tools
def test_other_programs_read_it(tmp_path: Path):
    file = container(tmp_path)
    assert run("unzip", "-t", file).returncode == 0
    assert 'MIME type "application/vnd.etsi.asic-e+zip"' in run("file", file).stdout
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["mimetype", NAME, *METADATA]
        assert archive.read(NAME) == DOCUMENT


def test_the_mimetype_comes_first_stored_and_bare(tmp_path: Path):
    """EN 319 162-1 annex A.1: readable at a fixed place of the file, without unpacking."""
    start = container(tmp_path).read_bytes()[:70]
    assert start[8:10] == b"\0\0"  # stored
    assert start[28:30] == b"\0\0"  # no extra field
    assert start[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"


def test_it_is_the_same_whenever_it_is_written(tmp_path: Path):
    assert container(tmp_path).read_bytes() == container(tmp_path).read_bytes()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Umowa 1 żółć.docx", "Umowa 1 żółć.docx"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\a.txt", "C__temp_a.txt"),
        ("a\0b\r\n\u2028c.txt", "a_b___c.txt"),
        ("\u202etxt.exe", "_txt.exe"),
        ("mimetype", "document-mimetype"),
        ("META-INF", "document-META-INF"),
        ("META-INF/signature001.p7s", "META-INF_signature001.p7s"),
        (" . ", "document-"),
        ("", "document-"),
        ("ż" * 300 + ".docx", "ż" * 97 + ".docx"),
        ("a" * 300, "a" * 200),
        ("a" * 199 + " b" * 9, "a" * 199),
    ],
)
def test_a_document_has_a_plain_name(name: str, plain: str, tmp_path: Path):
    assert entry_name(name) == plain
    assert entry_name(plain) == plain
    assert read(container(tmp_path, plain)).name == plain


def test_a_name_is_an_uri_in_a_manifest():
    assert entry_uri("Umowa #1 100%.docx") == "Umowa%20%231%20100%25.docx"


def test_another_programs_container_with_the_same_in_it_is_read(tmp_path: Path):
    assert read(rezipped(tmp_path, *GOOD)).name == "a.txt"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        (),
        (MIMETYPE,),
        (GOOD[1], MIMETYPE),
        (("mimetype", b"application/zip"), *GOOD[1:]),
        (MIMETYPE, ("../a.txt", b"a")),
        (MIMETYPE, ("/a.txt", b"a")),
        (MIMETYPE, ("sub/a.txt", b"a")),
        (*GOOD, ("b.txt", b"b")),
        (*GOOD, ("META-INF/../../x.p7s", b"b")),
        (*GOOD, ("META-INF/sub/x.p7s", b"b")),
        (*GOOD, GOOD[1]),
        (*GOOD, GOOD[2]),
        (*GOOD, ("META-INF/SIGNATURE001.p7s", b"b")),
        (*GOOD, *((f"META-INF/signature{number}.p7s", b"") for number in range(300))),
    ],
    ids=str,
)
def test_what_is_not_ours_is_refused(entries: tuple[tuple[str, bytes], ...], tmp_path: Path):
    with pytest.raises(DocumentNotSignable):
        read(rezipped(tmp_path, *entries))


def test_what_begins_with_something_else_is_refused(tmp_path: Path):
    file = container(tmp_path)
    file.write_bytes(b"%PDF-1.7\n" + file.read_bytes())
    with pytest.raises(DocumentNotSignable, match="mimetype"):
        read(file)


def test_what_is_compressed_is_refused(tmp_path: Path):
    bomb = rezipped(tmp_path, MIMETYPE, ("a.txt", bytes(10**6)), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DocumentNotSignable, match="compressed"):
        read(bomb)


@pytest.mark.parametrize("length", [0, 1, 40, 500, -1, -30])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int):
    file = container(tmp_path)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DocumentNotSignable):
        read(file)


def test_a_document_with_another_name_in_front_of_it_is_refused(tmp_path: Path):
    """Programs that read a container in passing see the first name, others the second."""
    file = rezipped(tmp_path, *GOOD)
    file.write_bytes(file.read_bytes().replace(b"a.txt", b"b.txt", 1))
    with pytest.raises(DocumentNotSignable, match="headers"):
        read(file)


@pytest.mark.parametrize("at", range(0, 700, 7))
def test_a_changed_byte_is_refused_or_read_as_it_stands(tmp_path: Path, at: int):
    file = container(tmp_path, content=b"short")
    whole = file.read_bytes()
    at %= len(whole)
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
    try:
        found = read(file)
    except DocumentNotSignable:
        return
    assert found.name == entry_name(found.name)
    assert dict(found.metadata) == METADATA


def test_fifty_megabytes_are_never_held_in_memory(tmp_path: Path):
    container(tmp_path)
    with (tmp_path / "document").open("wb") as large:
        for _ in range(50):
            large.write(bytes(1024 * 1024))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write(tmp_path / "a.asice", Container(NAME, Content.of(tmp_path / "document"), METADATA))
    found = read(tmp_path / "a.asice")
    write(tmp_path / "b.asice", found)
    assert filecmp.cmp(tmp_path / "a.asice", tmp_path / "b.asice", shallow=False)
    assert found.content.size == 50 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
