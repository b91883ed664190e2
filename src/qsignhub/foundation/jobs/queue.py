"""Writing jobs (pgqueuer's table), inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pgqueuer import Queries
from pgqueuer.db import PsycopgDriver

from qsignhub.foundation.database import Transaction


class Jobs:
    async def enqueue(
        self, tx: Transaction, name: str, payload: Mapping[str, Any], *, delay: timedelta | None = None
    ) -> None:
        """Writes a job that exists only if the transaction commits. ``payload`` is JSON."""
        queue = Queries(PsycopgDriver(tx))  # type: ignore[arg-type]  # it sets its own row factory
        await queue.enqueue(name, json.dumps(payload).encode(), execute_after=delay)
