"""Work that goes on beside everything else while the services are open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

logger = logging.getLogger(__name__)


def _tell(task: asyncio.Task[None]) -> None:
    """Work that ends by itself with an error does not end in silence."""
    if not task.cancelled() and (failure := task.exception()) is not None:
        logger.error("work in the background ended", exc_info=failure)


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Cancelled, and waited for, when the services close."""
    task = asyncio.create_task(work)
    task.add_done_callback(_tell)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
