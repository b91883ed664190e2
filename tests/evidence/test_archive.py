"""The archive: written as it is sent, under names that stay in their folder, whole or not at all."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest

from qsignhub.evidence.archive import ArchivedFile, archive, numbered_name, plain_name
from qsignhub.evidence.contents import contents
from qsignhub.evidence.errors import RecordedFileChanged
from qsignhub.evidence.model import History, Party
from tests.evidence.histories import SIGNED, a_history

MOMENT = datetime(2026, 1, 15, 12, 34, 22, tzinfo=UTC)
MEGABYTE = 1024 * 1024


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def no_pictures(_: Party) -> Mapping[str, bytes]:
    return {}


async def receive(sender: AsyncIterator[bytes], received: bytearray) -> None:
    async for piece in sender:
        received += piece


async def packed(history: History, signed: bytes = SIGNED) -> bytes:
    files = contents(history, html=b"<p>", pdf=b"%PDF", signed=pieces(signed), pictures=no_pictures)
    return b"".join([piece async for piece in archive(files, MOMENT)])


async def test_the_original_comes_along_where_the_signed_file_lacks_it() -> None:
    history = a_history("Anna Kowalska", document="..\\../umowa\\Żółć.docx")
    files = contents(
        history,
        html=b"<p>",
        pdf=b"%PDF",
        signed=pieces(SIGNED),
        original=pieces(b"orig", b"inal"),
        pictures=no_pictures,
    )
    whole = b"".join([piece async for piece in archive(files, MOMENT)])
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        [name] = [one for one in found.namelist() if one.startswith("original/")]
        assert found.read(name) == b"original"
        assert name.count("/") == 1
        assert "\\" not in name
        assert b"as it was uploaded" in found.read("README.txt")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Anna Kowalska", "anna-kowalska"),
        ("Łukasz Żółć", "lukasz-zolc"),
        ("Jörg Weiß", "joerg-weiss"),
        ("Ændre Ødegård Þór", "aendre-odegard-thor"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\con.png\r\n", "c-windows-con-png"),
        ("-rf --", "rf"),
        ("Ελένη", ""),
        ("王小明", ""),
        ("\u202egpj.exe\x00", "gpj-exe"),
    ],
)
def test_case_12_a_name_becomes_a_plain_file_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_two_of_one_name_are_two_files() -> None:
    assert numbered_name(1, "王") == "01"
    assert numbered_name(2, "Anna") == "02-anna"
    assert len(numbered_name(20, "x" * 200)) < 50


async def test_case_12_whatever_the_names_everything_stays_in_the_folder() -> None:
    names = ["../../etc/passwd", "/etc/shadow", "..\\..\\x", "a\x00b", ".", "..", "Anna", "Anna"]
    found = zipfile.ZipFile(io.BytesIO(await packed(a_history(*names)))).namelist()
    assert len(set(found)) == len(found) == 4 + len(names)
    for name in found:
        assert name.isascii()
        assert not {".", "..", ""} & set(name.split("/"))
        assert "\\" not in name


async def test_the_archive_is_the_same_for_the_same_history() -> None:
    assert await packed(a_history("Anna")) == await packed(a_history("Anna"))


async def test_case_72_a_signed_document_that_was_changed_breaks_the_archive_off() -> None:
    sent = bytearray()
    files = contents(a_history("Anna"), html=b"", pdf=b"", signed=pieces(SIGNED, b"!"), pictures=no_pictures)
    with pytest.raises(RecordedFileChanged):
        await receive(archive(files, MOMENT), sent)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(sent))


async def test_fifty_megabytes_pass_through_and_are_never_held() -> None:
    async def large() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield os.urandom(MEGABYTE)

    async def files() -> AsyncIterator[ArchivedFile]:
        yield ArchivedFile("signed.pdf", large())

    total = 0
    tracemalloc.start()
    async for piece in archive(files(), MOMENT):
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 50 * MEGABYTE
    assert peak < 8 * MEGABYTE


async def test_moments_before_the_formats_time_begin_with_it() -> None:
    async def files() -> AsyncIterator[ArchivedFile]:
        yield ArchivedFile("a.txt", b"a")

    sent = b"".join([piece async for piece in archive(files(), datetime(1970, 1, 1, tzinfo=UTC))])
    assert zipfile.ZipFile(io.BytesIO(sent)).infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)
