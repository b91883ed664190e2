"""Blob storage: one URL for a local folder or an S3 bucket.

Keys are our own, never a user's text. What is written is complete or absent, never torn; every
reader that matters checks the SHA-256 that the database holds.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from qsignhub.foundation.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

_CHUNK = 1024 * 1024
_MOST_KNOWN = 1024
# A request waits for seconds on a storage that is down, not for minutes: jobs have retries of their own.
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


class BlobMissing(NotFound):
    code = "BLOB_MISSING"


class StorageUnavailable(Unavailable):
    code = "STORAGE_UNAVAILABLE"


class Blobs:
    """``url`` is ``file:///folder`` or ``s3://bucket/prefix``.

    S3's access comes from the environment: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
    ``AWS_REGION``; for a server other than Amazon's ``AWS_ENDPOINT_URL``, and ``AWS_ALLOW_HTTP=true``
    where that is plain HTTP.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._durable: OrderedDict[Path, None] = OrderedDict()
        self._store: ObjectStore
        if self._root is not None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(self._root)
        else:
            self._store = from_url(url, retry_config=_RETRIES)

    async def put(self, key: str, content: bytes) -> None:
        async with self._storage_errors():
            await obstore.put_async(self._store, key, content, use_multipart=False)
            await self._make_durable(key)

    async def put_file(self, key: str, path: Path) -> None:
        """Stores a file in pieces of a few MiB, never whole in memory."""
        async with self._storage_errors():
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
        async with self._storage_errors(key):
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The content in pieces of 1 MiB, each asked for on its own.

        So a slow taker holds no request open until it times out. All pieces are of one version:
        a blob that is replaced meanwhile breaks the stream off.
        """
        async with self._storage_errors(key):
            meta = await obstore.head_async(self._store, key)
            for start in range(0, meta["size"], _CHUNK):
                piece = (start, min(start + _CHUNK, meta["size"]))
                result = await obstore.get_async(
                    self._store, key, options={"range": piece, "if_match": meta["e_tag"]}
                )
                yield bytes(await result.bytes_async())

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """A path to read the blob from: the stored file itself on a local store, else a temporary copy."""
        if self._root is not None:
            path = self._root / key
            async with self._storage_errors(key):
                if not path.is_file():
                    raise FileNotFoundError(path)
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
            async with self._storage_errors(key):
                await obstore.delete_async(self._store, key)
        except BlobMissing:
            return

    async def delete_prefix(self, prefix: str) -> None:
        """Removes every blob below a folder; ``prefix`` ends with a slash. None there is fine."""
        if not prefix.endswith("/") or prefix == "/":
            raise ValueError(f"{prefix!r} is no folder's prefix")
        async with self._storage_errors():
            keys = [meta["path"] async for found in self._store.list(prefix=prefix) for meta in found]
        for key in keys:
            await self.delete(key)

    async def ping(self) -> None:
        async with self._storage_errors():
            async for _ in self._store.list(prefix="ping", chunk_size=1):
                break

    async def _make_durable(self, key: str) -> None:
        if self._root is not None:
            await asyncio.to_thread(self._sync, self._root, self._root / key)

    def _sync(self, root: Path, path: Path) -> None:
        """The file, its folder, and every folder above that may be new, so that a power cut loses none.

        A folder stays where it is once it is there: whose entry this process has made durable is known.
        """
        _sync(path)
        _sync(path.parent)
        fresh = list(takewhile(lambda one: one != root and one not in self._durable, path.parents))
        for folder in fresh:
            _sync(folder.parent)
        self._durable.update(dict.fromkeys(fresh))
        while len(self._durable) > _MOST_KNOWN:
            self._durable.popitem(last=False)

    @asynccontextmanager
    async def _storage_errors(self, key: str | None = None) -> AsyncIterator[None]:
        """``key`` where its absence is an answer; else nothing is found because the storage is gone."""
        try:
            if self._root is not None and not self._root.is_dir():
                raise NotADirectoryError(self._root)
            yield
        except (FileNotFoundError, NotFoundError) as exc:
            if key is not None:
                raise BlobMissing(f"There is no stored object {key}.") from None
            raise StorageUnavailable("The document storage is not there.") from exc
        except (BaseError, OSError) as exc:
            raise StorageUnavailable("The document storage does not answer just now.") from exc


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
