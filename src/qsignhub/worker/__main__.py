"""``python -m qsignhub.worker``: one worker, by the settings in the environment."""

from __future__ import annotations

import asyncio

from qsignhub.settings import Settings
from qsignhub.worker.main import run_worker


def main() -> None:
    settings = Settings()
    settings.configure_logging()
    asyncio.run(run_worker(settings, settings.required_database_url()))


main()
