"""``qsignhub serve``: engine, API and workers in one process tree; ``api`` and ``worker``: its parts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from qsignhub.cli.processes import Child
from qsignhub.foundation.engine import DataDirLock, EmbeddedEngine
from qsignhub.foundation.migrations import migrate
from qsignhub.settings import Settings

DataDir = Annotated[Path, typer.Option("--data-dir", help="Where everything is kept.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the API and pages.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def serve(
    data_dir: DataDir = Path(".qsignhub"),
    port: Port = 8080,
    host: Host = "127.0.0.1",
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Worker processes.")] = None,
) -> None:
    """Runs the whole service: database engine, API, pages and workers."""
    settings = _settings(data_dir, host, port)
    asyncio.run(_serve(settings, host, port, workers or settings.workers))


def api(data_dir: DataDir = Path(".qsignhub"), port: Port = 8080, host: Host = "127.0.0.1") -> None:
    """Runs the API and the pages alone, on the database of QSIGNHUB_DATABASE_URL."""
    settings = _settings(data_dir, host, port)
    asyncio.run(migrate(settings.required_database_url()))
    _become(api_command(settings, host, port), _environment(settings))


def worker(data_dir: DataDir = Path(".qsignhub")) -> None:
    """Runs one worker, on the database of QSIGNHUB_DATABASE_URL."""
    settings = Settings(data_dir=data_dir).checked()
    asyncio.run(migrate(settings.required_database_url()))
    _become(worker_command(), _environment(settings))


def api_command(settings: Settings, host: str, port: int) -> list[str]:
    """Uvicorn on the whole application; the settings come to it by the environment."""
    return [
        *(sys.executable, "-m", "uvicorn", "--factory", "qsignhub.asgi:create"),
        *("--http", "qsignhub.api.http_protocol:Protocol", "--ws", "none"),
        *("--host", host, "--port", str(port), "--log-level", settings.log_level.lower()),
        *("--forwarded-allow-ips", settings.trusted_proxies),
        *("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "10"),
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "qsignhub.worker"]


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    os.execve(command[0], command, os.environ | environment)  # noqa: S606  # our own interpreter


def _settings(data_dir: Path, host: str, port: int) -> Settings:
    if "QSIGNHUB_BASE_URL" in os.environ:
        return Settings(data_dir=data_dir).checked()
    reached = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # a comparison, no binding
    return Settings(data_dir=data_dir, base_url=f"http://{reached}:{port}").checked()


async def _serve(settings: Settings, host: str, port: int, workers: int) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(DataDirLock(settings.data_dir))
        _clear(settings.spool_dir)
        supervised = []
        if settings.database_url is None:
            engine = EmbeddedEngine(settings.data_dir)
            conninfo = await engine.start()
            stack.push_async_callback(engine.stop)
            supervised.append(engine.supervise())
        else:
            conninfo = settings.database_url
        await migrate(conninfo)
        environment = os.environ | _environment(settings) | {"QSIGNHUB_DATABASE_URL": conninfo}
        children = [Child("api", api_command(settings, host, port), environment)]
        children += [
            Child(f"worker {number}", worker_command(), environment) for number in range(1, workers + 1)
        ]
        supervised += [child.supervise() for child in children]
        await _until_told_to_stop([asyncio.create_task(task) for task in supervised])


def _environment(settings: Settings) -> dict[str, str]:
    """What the parts of one service have in common."""
    return {"QSIGNHUB_DATA_DIR": str(settings.data_dir), "QSIGNHUB_BASE_URL": settings.base_url}


def _clear(spool: Path) -> None:
    """What a killed service left half received or half made; the folder is ours alone now."""
    if spool.is_dir():
        for leftover in spool.iterdir():
            leftover.unlink()


async def _until_told_to_stop(supervisors: list[asyncio.Task[None]]) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, *supervisors], return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in supervisors if task.done()]
    for task in supervisors:
        task.cancel()
    await asyncio.gather(*supervisors, return_exceptions=True)
    waiting.cancel()
    for task in ended:
        task.result()  # a supervisor never ends by itself: let its error be seen


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(api)
    app.command()(worker)
