"""Blob storage: one URL for a local folder or an S3 bucket.

Keys are our own, never a user's text. What is written is complete or absent, never torn; every
reader that matters checks the SHA-256 that the database holds.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from qsignhub.foundation.errors import NotFound, Unavailable

_CHUNK = 1024 * 1024


class BlobMissing(NotFound):
    code = "BLOB_MISSING"


class StorageUnavailable(Unavailable):
    code = "STORAGE_UNAVAILABLE"


class Blobs:
    """``url`` is ``file:///folder`` or ``s3://bucket/prefix`` (credentials from the environment)."""

    def __init__(self, url: str, *, client_options: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self._root is not None:
            self._root.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self._root)
        else:
            self._store = from_url(url, **(client_options or {}))  # type: ignore[call-overload]

    async def put(self, key: str, content: bytes) -> None:
        async with _storage_errors(key):
            await obstore.put_async(self._store, key, content, use_multipart=False)
            await self._make_durable(key)

    async def put_file(self, key: str, path: Path) -> None:
        """Stores a file in pieces of 1 MiB, never whole in memory."""
        async with _storage_errors(key):
            await obstore.put_async(
                self._store,
                key,
                path,
                use_multipart=self._root is None or None,
                chunk_size=5 * _CHUNK if self._root is None else _CHUNK,
                max_concurrency=1,
            )
            await self._make_durable(key)

    async def read(self, key: str) -> bytes:
        async with _storage_errors(key):
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        async with _storage_errors(key):
            result = await obstore.get_async(self._store, key)
            async for chunk in result.stream(min_chunk_size=256 * 1024):
                yield bytes(chunk)

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """A path to read the blob from: the stored file itself on a local store, else a temporary copy."""
        if self._root is not None:
            path = self._root / key
            if not path.is_file():
                raise BlobMissing(f"There is no stored object {key}.")
            yield path
            return
        descriptor, name = tempfile.mkstemp(prefix="qsignhub-blob-")
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for chunk in self.stream(key):
                    await asyncio.to_thread(file.write, chunk)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def delete(self, key: str) -> None:
        try:
            async with _storage_errors(key):
                await obstore.delete_async(self._store, key)
        except BlobMissing:
            return

    async def ping(self) -> None:
        async with _storage_errors("ping"):
            async for _ in self._store.list(prefix="ping", chunk_size=1):
                break

    async def _make_durable(self, key: str) -> None:
        if self._root is not None:
            await asyncio.to_thread(_sync_file_and_folder, self._root / key)


def _sync_file_and_folder(path: Path) -> None:
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@asynccontextmanager
async def _storage_errors(key: str) -> AsyncIterator[None]:
    try:
        yield
    except (FileNotFoundError, NotFoundError):
        raise BlobMissing(f"There is no stored object {key}.") from None
    except (BaseError, OSError) as exc:
        raise StorageUnavailable("The document storage does not answer just now.") from exc
