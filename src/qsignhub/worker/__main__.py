"""``python -m qsignhub.worker``: one worker, by the settings in the environment."""

from __future__ import annotations

import asyncio
import logging

from qsignhub.bootstrap import required_database_url
from qsignhub.settings import Settings
from qsignhub.worker.main import run_worker


def main() -> None:
    settings = Settings()
    settings.configure_logging()
    logging.captureWarnings(capture=True)
    asyncio.run(run_worker(settings, required_database_url(settings)))


main()
