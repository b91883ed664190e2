"""A worker process: jobs in, transactions out, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

from qsignhub.bootstrap import Overrides, open_services
from qsignhub.foundation.jobs import JobRunner
from qsignhub.settings import Settings

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
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, runner.stop)
        await runner.run()
