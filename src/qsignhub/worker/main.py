"""A worker process: jobs in, transactions out, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress

from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.foundation import idempotency
from qsignhub.foundation.errors import Unavailable
from qsignhub.foundation.jobs import JobRunner
from qsignhub.settings import Settings

_HOUR = 3600.0
logger = logging.getLogger(__name__)


async def run_worker(settings: Settings, conninfo: str, overrides: Overrides | None = None) -> None:
    """Runs until SIGTERM or SIGINT; jobs in hand are finished first."""
    async with open_services(settings, conninfo, overrides) as services:
        runner = JobRunner(
            services.database,
            services.job_handlers,
            lease=settings.job_lease,
            concurrency=settings.worker_concurrency,
        )
        async with services.database.transaction() as tx:
            resumed = await services.ceremonies.resume(tx)
        if resumed:
            logger.info("taking up %d requests whose signatures are not finished", resumed)
        tidying = asyncio.create_task(_tidy_up(services))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, runner.stop)
        try:
            await runner.run()
        finally:
            tidying.cancel()


async def _tidy_up(services: Services) -> None:
    """Every hour: what is kept for a while only. Several workers may do so at once, to no harm."""
    while True:
        with suppress(Unavailable):  # the next hour will do
            async with services.database.transaction() as tx:
                await idempotency.forget(tx, services.clock.now())
                await services.accounts.forget_counts(tx)
        await asyncio.sleep(_HOUR)
