"""Lets uploads in: so many of one account at once, and none that keeps its place without sending."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qsignhub.documents.errors import TooManyUploads, UploadStalled
from qsignhub.documents.upload import DEFAULT_LIMIT, ReceivedUpload, receive_upload
from qsignhub.foundation.scope import Scope

UPLOADS_AT_ONCE = 32
PATIENCE = 30.0
_RETRY_AFTER = 5


class Uploads:
    """``at_once`` uploads of one account in this process; ``patience`` seconds without a byte end one."""

    def __init__(
        self, spool_dir: Path, *, at_once: int = UPLOADS_AT_ONCE, patience: float = PATIENCE
    ) -> None:
        self._spool_dir = spool_dir
        self._at_once = at_once
        self._patience = patience
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def receive(
        self,
        scope: Scope,
        chunks: AsyncIterator[bytes],
        content_type: str,
        content_length: int | None,
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> AsyncIterator[ReceivedUpload]:
        """The upload on disk, until the block ends; its place is taken as long.

        Raises TooManyUploads before the first byte is read, UploadStalled, and what ``receive_upload``
        raises.
        """
        account = scope.account_id
        if self._under_way[account] >= self._at_once:
            raise TooManyUploads(
                f"{self._at_once} uploads of this account are under way. Wait until one of them is done.",
                retry_after=_RETRY_AFTER,
            )
        self._under_way[account] += 1
        try:
            upload = await receive_upload(
                self._impatiently(chunks), content_type, content_length, self._spool_dir, limit=limit
            )
            async with upload:
                yield upload
        finally:
            self._under_way[account] -= 1
            if not self._under_way[account]:
                del self._under_way[account]

    async def _impatiently(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        waiting = aiter(chunks)
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    chunk = await anext(waiting)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise UploadStalled(
                    f"Nothing of the upload came for {self._patience:g} seconds. Send it again."
                ) from None
            yield chunk
