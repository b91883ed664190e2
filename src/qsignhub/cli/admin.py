"""``keys create``, ``webhooks add``, ``settings``: what an operator does at the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from qsignhub.accounts.service import Accounts
from qsignhub.bootstrap import webhooks_alone
from qsignhub.cli.database import ready_database
from qsignhub.foundation.clock import SystemClock
from qsignhub.foundation.database import Database
from qsignhub.foundation.scope import Mode
from qsignhub.settings import Settings

DEFAULT_ACCOUNT = "default"

DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data folder.")]
Account = Annotated[str, typer.Option("--account", help="The account's name; made if it is not there yet.")]
ModeOption = Annotated[Literal["test", "live"], typer.Option("--mode", help="Which world it is for.")]

keys = typer.Typer(help="API keys.", no_args_is_help=True)
webhooks = typer.Typer(help="Webhook endpoints.", no_args_is_help=True)


@keys.command("create")
def create_key(
    mode: ModeOption = "test",
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    tier: Annotated[str, typer.Option("--tier", help="Plan of a new account.")] = "startup",
) -> None:
    """Makes an API key and prints it, alone, on standard output. It cannot be shown again."""
    print(asyncio.run(_create_key(Settings(data_dir=data_dir), mode, account, tier)))


@webhooks.command("add")
def add_webhook(
    url: Annotated[str, typer.Option("--url", help="Where events are posted to.")],
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    mode: ModeOption = "test",
) -> None:
    """Adds a webhook endpoint and prints its secret, alone, on standard output."""
    print(asyncio.run(_add_webhook(Settings(data_dir=data_dir), mode, account, url)))


def show_settings() -> None:
    """Lists every setting, its value now and what it does."""
    values = Settings()
    for name, field in Settings.model_fields.items():
        value = getattr(values, name)
        shown = "(set)" if name in {"master_key", "database_url"} and value else value
        print(f"QSIGNHUB_{name.upper()}={shown if shown is not None else ''}\n    {field.description}")


async def _create_key(settings: Settings, mode: Mode, account: str, tier: str) -> str:
    async with ready_database(settings) as conninfo:
        database = Database(conninfo, connections=1)
        await database.open()
        try:
            accounts = Accounts(SystemClock())
            async with database.transaction() as tx:
                scope = await accounts.scope_of(tx, account, mode, tier)
                return await accounts.create_key(tx, scope)
        finally:
            await database.close()


async def _add_webhook(settings: Settings, mode: Mode, account: str, url: str) -> str:
    async with ready_database(settings) as conninfo:
        database = Database(conninfo, connections=1)
        await database.open()
        try:
            accounts = Accounts(SystemClock())
            async with database.transaction() as tx:
                scope = await accounts.scope_of(tx, account, mode)
                return await webhooks_alone(settings, database).add_endpoint(tx, scope, url)
        finally:
            await database.close()
