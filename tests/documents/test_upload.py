"""Uploads are read as they arrive, to disk, within bounds, and leave nothing behind when they fail."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qsignhub.documents.errors import DocumentTooLarge, FileMissing, SpoolUnavailable, UploadMalformed
from qsignhub.documents.upload import (
    DEFAULT_LIMIT,
    FRAMING_ALLOWANCE,
    MAX_PARTS,
    ReceivedUpload,
    receive_upload,
)
from qsignhub.foundation.errors import Invalid, Malformed
from tests import pdfs

BOUNDARY = b"------------------------d74496d66958873e"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY.decode()}"
FILE = (
    b'Content-Disposition: form-data; name="file"; filename="agreement.pdf"\r\nContent-Type: application/pdf'
)
PDF = pdfs.one_page_pdf()


def field(name: str, value: bytes) -> tuple[bytes, bytes]:
    return b'Content-Disposition: form-data; name="%s"' % name.encode(), value


def form(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(
        b"--" + BOUNDARY + b"\r\n" + headers + b"\r\n\r\n" + value + b"\r\n" for headers, value in parts
    ) + (b"--" + BOUNDARY + b"--\r\n")


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def receive(
    body: bytes | Iterable[bytes],
    spool: Path,
    *,
    content_type: str = CONTENT_TYPE,
    content_length: int | None = None,
    limit: int = DEFAULT_LIMIT,
) -> ReceivedUpload:
    chunks = [body] if isinstance(body, bytes) else body
    return await receive_upload(stream(chunks), content_type, content_length, spool, limit=limit)


def nothing_left(spool: Path) -> bool:
    return list(spool.iterdir()) == []


async def test_a_form_is_received(tmp_path: Path) -> None:
    body = form((FILE, PDF), field("name", "Q1 2025 / Umowa ąę".encode()), field("locale", b"en-GB"))
    async with await receive(body, tmp_path, content_length=len(body)) as upload:
        assert upload.fields == {"name": "Q1 2025 / Umowa ąę", "locale": "en-GB"}
        assert (upload.filename, upload.content_type) == ("agreement.pdf", "application/pdf")
        assert upload.path.read_bytes() == PDF
        assert (upload.size_bytes, upload.sha256) == (len(PDF), hashlib.sha256(PDF).hexdigest())
        assert upload.path.parent == tmp_path
        assert stat.S_IMODE(upload.path.stat().st_mode) == 0o600
    assert nothing_left(tmp_path)
    upload.discard()  # a second time does no harm


@pytest.mark.parametrize(
    ("headers", "filename", "content_type"),
    [
        (b'Content-Disposition: form-data; name="file"', None, None),
        (b'content-disposition: FORM-DATA; name=file; filename="a b.pdf"', "a b.pdf", None),
        (b'Content-Disposition: form-data; name="file"; filename="../../etc/passwd"', "passwd", None),
        (b'Content-Disposition: form-data; name="file"; filename="C:\\Users\\me\\a.pdf"', "a.pdf", None),
        (
            'Content-Disposition: form-data; name="file"; filename="umowa-ąę.pdf"'.encode(),
            "umowa-ąę.pdf",
            None,
        ),
        (
            FILE.replace(b"application/pdf", b"text/xml") + b"\r\nContent-Transfer-Encoding: binary",
            "agreement.pdf",
            "text/xml",
        ),
    ],
)
async def test_what_the_client_says_of_the_file(
    tmp_path: Path, headers: bytes, filename: str | None, content_type: str | None
) -> None:
    async with await receive(form((headers, PDF)), tmp_path) as upload:
        assert (upload.filename, upload.content_type) == (filename, content_type)


_TRICKY = (
    b"\r\n--"
    + BOUNDARY[:-1]
    + b"\r\r\n\r\n--"
    + b"\r\n--"
    + BOUNDARY
    + b"x\r\n--"
    + BOUNDARY
    + b"-\r\n"
    + b"\r" * 50
)
_BODY = form(
    field("name", "Ünïcödé".encode()), (FILE, PDF[:200] + _TRICKY + PDF[200:]), field("locale", b"pl-PL")
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(_BODY)), max_size=60))
@example(cuts=list(range(len(_BODY))))
async def test_where_chunks_end_makes_no_difference(tmp_path: Path, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(_BODY)]
    async with await receive([_BODY[start:end] for start, end in pairwise(edges)], tmp_path) as upload:
        assert upload.path.read_bytes() == PDF[:200] + _TRICKY + PDF[200:]
        assert upload.sha256 == hashlib.sha256(PDF[:200] + _TRICKY + PDF[200:]).hexdigest()
        assert upload.fields == {"name": "Ünïcödé", "locale": "pl-PL"}
    assert nothing_left(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_damaged_form_is_refused_or_read(tmp_path: Path, data: st.DataObject) -> None:
    body = bytearray(_BODY)
    start = data.draw(st.integers(0, len(body)))
    body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    with suppress(Malformed, Invalid):
        (await receive(bytes(body), tmp_path)).discard()
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("content_length_known", [True, False])
async def test_case_21_exactly_50_mb_passes(tmp_path: Path, content_length_known: bool) -> None:
    document = pdfs.big_pdf(52_428_800)
    body = form((FILE, document), field("name", b"Large"))
    pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    length = len(body) if content_length_known else None
    async with await receive(pieces, tmp_path, content_length=length) as upload:
        assert upload.size_bytes == upload.path.stat().st_size == 52_428_800
        assert upload.sha256 == hashlib.sha256(document).hexdigest()


@pytest.mark.parametrize(
    ("declare", "received"), [(True, r"Received: 50\.1 MB\."), (False, r"Received: more than 50 MB\.")]
)
async def test_case_21_one_byte_more_does_not(tmp_path: Path, declare: bool, received: str) -> None:
    body = form((FILE, bytes(52_428_801)))
    with pytest.raises(DocumentTooLarge, match=received) as caught:
        await receive(body, tmp_path, content_length=len(body) if declare else None)
    assert (caught.value.code, caught.value.field) == ("DOCUMENT_TOO_LARGE", "file")
    assert nothing_left(tmp_path)


async def test_case_08_what_cannot_fit_is_refused_unread(tmp_path: Path) -> None:
    class Untouchable(AsyncIterator[bytes]):
        async def __anext__(self) -> bytes:
            raise AssertionError("the body was read")

    with pytest.raises(DocumentTooLarge) as caught:
        await receive_upload(Untouchable(), CONTENT_TYPE, round(62.3 * 1024 * 1024), tmp_path)
    assert caught.value.message == "File exceeds the 50 MB limit. Received: 62.3 MB."
    assert nothing_left(tmp_path)


async def test_case_08_what_crosses_the_limit_is_not_read_further(tmp_path: Path) -> None:
    read = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal read
        yield form((FILE, b""))[: -len(BOUNDARY) - 8]
        while True:
            read += 1000
            yield b"x" * 1000

    with pytest.raises(DocumentTooLarge):
        await receive_upload(flood(), CONTENT_TYPE, None, tmp_path, limit=100_000)
    assert 100_000 < read <= 101_000
    assert nothing_left(tmp_path)


async def test_case_08_bytes_after_the_form_are_bounded_too(tmp_path: Path) -> None:
    chunks = [form((FILE, PDF)), *([b"\r\n" * 32_768] * (FRAMING_ALLOWANCE // 65_536 + 2))]
    with pytest.raises(DocumentTooLarge):
        await receive(chunks, tmp_path, limit=len(PDF))


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/pdf",
        "application/json",
        "multipart/mixed; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a\tb"',
        "multipart/form-data; boundary=ä",
        "multipart/form-data; boundary=\u2026",
    ],
)
async def test_other_content_types_are_malformed(tmp_path: Path, content_type: str) -> None:
    with pytest.raises(UploadMalformed, match=r"multipart/form-data|Content-Type"):
        await receive(form((FILE, PDF)), tmp_path, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "field_name"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"%PDF-1.7", None, id="no boundary"),
        pytest.param(form((FILE, PDF))[:-6], None, id="cut off"),
        pytest.param(form((FILE, PDF), (FILE, PDF)), "file", id="two files"),
        pytest.param(form((FILE, PDF), field("file", b"x")), "file", id="file twice, once as a field"),
        pytest.param(form((FILE.replace(b'"file"', b'"other"'), PDF)), "other", id="file in another part"),
        pytest.param(form((FILE, PDF), field("name", b"a"), field("name", b"b")), "name", id="field twice"),
        pytest.param(form((FILE, PDF), field("name", b"a\0b")), "name", id="nul"),
        pytest.param(form((FILE, PDF), field("name", b"\xed\xa0\x80")), "name", id="lone surrogate"),
        pytest.param(form((FILE, PDF), field("name", b"\xff")), "name", id="not utf-8"),
        pytest.param(form((FILE.replace(b"agreement", b"a\0b"), PDF)), "file", id="nul in the file's name"),
        pytest.param(form((FILE.replace(b"agreement", b"\xff"), PDF)), "file", id="file's name not utf-8"),
        pytest.param(form((b"Content-Type: text/plain", b"x")), None, id="no disposition"),
        pytest.param(form((b"Content-Disposition: form-data", b"x")), None, id="no name"),
        pytest.param(form((b'Content-Disposition: attachment; name="file"', b"x")), None, id="attachment"),
        pytest.param(form((FILE + b"\r\n" + FILE, PDF)), None, id="headers twice"),
        pytest.param(form((FILE + b"\r\nContent-Transfer-Encoding: base64", PDF)), None, id="base64"),
        pytest.param(form((FILE + b"\r\nX-Long: " + b"x" * 5000, PDF)), None, id="long header"),
        pytest.param(form((FILE + b"".join(b"\r\nX-%d: 1" % n for n in range(9)), PDF)), None, id="headers"),
        pytest.param(form((FILE, PDF), *(field(f"{n}", b"") for n in range(MAX_PARTS))), None, id="parts"),
        pytest.param(form((FILE, PDF), field("n" * 101, b"")), None, id="long field name"),
    ],
)  # fmt: skip
async def test_malformed_forms_are_refused(tmp_path: Path, body: bytes, field_name: str | None) -> None:
    with pytest.raises(UploadMalformed) as caught:
        await receive(body, tmp_path)
    assert not isinstance(caught.value, FileMissing)
    assert caught.value.field == field_name
    assert nothing_left(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        form(field("name", b"No file")),
        form((b'Content-Disposition: form-data; name="file"; filename=""', b"")),
        form((b'Content-Disposition: form-data; name="file"', b"")),
        b"--" + BOUNDARY + b"--\r\n",
    ],
)
async def test_a_form_without_a_file(tmp_path: Path, body: bytes) -> None:
    with pytest.raises((FileMissing, UploadMalformed)) as caught:
        await receive(body, tmp_path)
    assert (caught.value.code, caught.value.field) == ("FILE_MISSING", "file")
    assert nothing_left(tmp_path)


async def test_an_empty_file_with_a_name_is_received(tmp_path: Path) -> None:
    async with await receive(form((FILE, b"")), tmp_path) as upload:
        assert (upload.size_bytes, upload.sha256) == (0, hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize("value", [b"x" * 1001, "ü".encode() * 1001, b"x" * 9000])
async def test_long_fields_are_refused(tmp_path: Path, value: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        await receive(form((FILE, PDF), field("name", value)), tmp_path)
    assert caught.value.field == "name"
    assert nothing_left(tmp_path)


async def test_fields_are_bounded_in_characters_not_bytes(tmp_path: Path) -> None:
    async with await receive(
        form((FILE, PDF), field("name", "\U0001f58b".encode() * 1000)), tmp_path
    ) as upload:
        assert upload.fields["name"] == "\U0001f58b" * 1000


async def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield form((FILE, bytes(600_000)))[:500_000]
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(receive_upload(stalled(), CONTENT_TYPE, None, tmp_path))
    await waiting.wait()
    assert not nothing_left(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert nothing_left(tmp_path)


async def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield form((FILE, PDF))[:300]
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await receive_upload(broken(), CONTENT_TYPE, None, tmp_path)
    assert nothing_left(tmp_path)


async def test_case_71_a_full_disk_acknowledges_nothing(tmp_path: Path) -> None:
    """A file-size limit stands in for the full disk: the write fails in the same way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(SpoolUnavailable):
            await receive(form((FILE, bytes(1_000_000))), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert nothing_left(tmp_path)


async def test_a_missing_spool_folder_is_not_the_client_s_fault(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnavailable):
        await receive(form((FILE, PDF)), tmp_path / "missing")


_MEASURE = """
import asyncio, sys
from pathlib import Path
from qsignhub.documents.upload import receive_upload

HEAD = b'--b\\r\\nContent-Disposition: form-data; name="file"; filename="a.pdf"\\r\\n\\r\\n'

async def body(megabytes):
    yield HEAD
    for _ in range(megabytes * 16):
        yield bytes(65536)
    yield b"\\r\\n--b--\\r\\n"

async def measure(megabytes):
    chunks, spool = body(megabytes), Path(sys.argv[1])
    async with await receive_upload(chunks, "multipart/form-data; boundary=b", None, spool):
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

async def main():
    before = await measure(1)
    print(await measure(50) - before)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat_for_50_mb(tmp_path: Path) -> None:
    """Peak resident memory (KiB) of 50 MB over that of 1 MB."""
    output = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path)],
        capture_output=True, check=True, text=True, env=os.environ,
    )  # fmt: skip
    assert int(output.stdout) < 16 * 1024
