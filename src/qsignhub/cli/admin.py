"""``keys create`` and ``webhooks add``: what an operator does at the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from qsignhub.accounts.service import Accounts
from qsignhub.cli.database import ready_database
from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.events import Events
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Mode
from qsignhub.settings import Settings
from qsignhub.webhooks.service import LISTENER_JOB, Webhooks

DEFAULT_ACCOUNT = "default"

DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data folder.")]
Account = Annotated[str, typer.Option("--account", help="The account's name; made if it is not there yet.")]
ModeOption = Annotated[Literal["test", "live"], typer.Option("--mode", help="Which world it is for.")]


def create_key(
    mode: ModeOption = "test",
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    tier: Annotated[str, typer.Option("--tier", help="Plan of a new account.")] = "startup",
) -> None:
    """Makes an API key and prints it, alone, on standard output. It cannot be shown again."""
    print(asyncio.run(_create_key(Settings(data_dir=data_dir), mode, account, tier)))


def add_webhook(
    url: Annotated[str, typer.Option("--url", help="Where events are posted to.")],
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    mode: ModeOption = "test",
) -> None:
    """Adds a webhook endpoint and prints its secret, alone, on standard output."""
    print(asyncio.run(_add_webhook(Settings(data_dir=data_dir), mode, account, url)))


async def _create_key(settings: Settings, mode: Mode, account: str, tier: str) -> str:
    accounts = Accounts(SystemClock())
    async with _transaction(settings) as (_, tx):
        scope = await accounts.scope_of(tx, account, mode, tier)
        return await accounts.create_key(tx, scope)


async def _add_webhook(settings: Settings, mode: Mode, account: str, url: str) -> str:
    clock, jobs = SystemClock(), Jobs()
    async with _transaction(settings) as (database, tx):
        webhooks = Webhooks(
            Events(jobs, clock, [LISTENER_JOB]),
            jobs,
            settings.open_master_key(),
            clock,
            database,
            allow_private=settings.webhook_allow_private,
        )
        scope = await Accounts(clock).scope_of(tx, account, mode)
        try:
            return await webhooks.add_endpoint(tx, scope, url)
        finally:
            await webhooks.close()


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[tuple[Database, Transaction]]:
    async with ready_database(settings) as conninfo:
        database = Database(conninfo, connections=1)
        await database.open()
        try:
            async with database.transaction() as tx:
                yield database, tx
        finally:
            await database.close()


def register(app: typer.Typer) -> None:
    keys = typer.Typer(help="API keys.", no_args_is_help=True)
    keys.command("create")(create_key)
    keys.callback()(_group)
    app.add_typer(keys, name="keys")
    webhooks = typer.Typer(help="Webhook endpoints.", no_args_is_help=True)
    webhooks.command("add")(add_webhook)
    webhooks.callback()(_group)
    app.add_typer(webhooks, name="webhooks")


def _group() -> None:
    """Without it typer would take a group of one command for the command."""
