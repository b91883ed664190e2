"""What a power cut may not take: a file, and every folder on the way to it that is new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qsignhub.foundation.blobs import Blobs


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found: list[Path] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr("os.fsync", noted)
    return found


async def test_a_new_folder_is_durable_by_the_one_that_holds_it_and_asked_once(
    tmp_path: Path, synced: list[Path]
) -> None:
    blobs = Blobs(tmp_path.as_uri())
    await blobs.put("a/b/one", b"1")
    assert set(synced) == {tmp_path / "a/b/one", tmp_path / "a/b", tmp_path / "a", tmp_path}
    synced.clear()
    await blobs.put("a/b/two", b"2")
    assert synced == [tmp_path / "a/b/two", tmp_path / "a/b"]
    synced.clear()
    await blobs.put("a/c/three", b"3")
    assert synced == [tmp_path / "a/c/three", tmp_path / "a/c", tmp_path / "a"]


async def test_another_process_trusts_no_folder_that_it_did_not_sync(
    tmp_path: Path, synced: list[Path]
) -> None:
    await Blobs(tmp_path.as_uri()).put("a/one", b"1")
    synced.clear()
    await Blobs(tmp_path.as_uri()).put("a/two", b"2")
    assert set(synced) == {tmp_path / "a/two", tmp_path / "a", tmp_path}
