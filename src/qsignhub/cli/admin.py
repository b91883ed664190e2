"""``keys`` and ``webhooks add``: what an operator does at the command line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from qsignhub.accounts.model import ApiKey
from qsignhub.accounts.service import Accounts, key_rules
from qsignhub.cli.database import ready_database
from qsignhub.cli.terminal import terminal
from qsignhub.foundation.clock import SystemClock, iso
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.events import Events
from qsignhub.foundation.jobs import Jobs
from qsignhub.foundation.scope import Mode
from qsignhub.settings import Settings
from qsignhub.webhooks.service import LISTENER_JOB, Webhooks

DEFAULT_ACCOUNT = "default"
_T = TypeVar("_T")

DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data folder.")]
Account = Annotated[str, typer.Option("--account", help="The account's name; made if it is not there yet.")]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]
ModeOption = Annotated[Literal["test", "live"], typer.Option("--mode", help="Which world it is for.")]


def create_key(
    mode: ModeOption = "test",
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    tier: Annotated[
        str | None, typer.Option("--tier", help="Plan of the account; a new one is on startup.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "",
    permission: Annotated[
        list[str] | None,
        typer.Option("--permission", help="Restricts the key, e.g. documents:read; repeatable."),
    ] = None,
    allow_from: Annotated[
        list[str] | None,
        typer.Option("--allow-from", help="Address or network that it may come from; repeatable."),
    ] = None,
    expires_in_days: Annotated[
        int | None, typer.Option("--expires-in-days", min=1, max=3650, help="When it ends by itself.")
    ] = None,
) -> None:
    """Makes an API key and prints it, alone, on standard output. It cannot be shown again."""
    ends = None if expires_in_days is None else SystemClock().now() + timedelta(days=expires_in_days)
    rules = key_rules(name, permission or (), allow_from or (), ends)

    async def create(accounts: Accounts, tx: Transaction) -> str:
        return await accounts.create_key(tx, await accounts.scope_of(tx, account, mode, tier), rules)

    print(_with_accounts(data_dir, create))


def list_keys(
    mode: ModeOption = "test", data_dir: DataDir = Path(".qsignhub"), account: Account = DEFAULT_ACCOUNT
) -> None:
    """Lists an account's API keys: what they may do, when they were last used, when they end."""

    async def find(accounts: Accounts, tx: Transaction) -> list[ApiKey]:
        return await accounts.keys(tx, await accounts.find_scope(tx, account, mode))

    table = Table("key", "state", "name", "may", "from", "last used", "ends", box=None)
    for key in _with_accounts(data_dir, find):
        table.add_row(
            key.id,
            key.state(SystemClock().now()) + (f", replaced by {key.replaced_by}" if key.replaced_by else ""),
            Text(key.rules.name),
            ", ".join(sorted(key.rules.permissions)) or "everything",
            ", ".join(map(str, key.rules.networks)) or "anywhere",
            iso(key.last_used_at) if key.last_used_at else "never",
            iso(key.rules.expires_at) if key.rules.expires_at else "",
        )
    terminal(width=None if sys.stdout.isatty() else 200).print(table)


def rotate_key(
    key_id: KeyId,
    mode: ModeOption = "test",
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    overlap_hours: Annotated[
        float, typer.Option("--overlap-hours", min=0, max=24 * 365, help="How long the old key goes on.")
    ] = 24,
) -> None:
    """Prints a new key with the same rules; the old one goes on for a while and then ends by itself."""

    async def rotate(accounts: Accounts, tx: Transaction) -> str:
        scope = await accounts.find_scope(tx, account, mode)
        return await accounts.rotate_key(tx, scope, key_id, timedelta(hours=overlap_hours))

    print(_with_accounts(data_dir, rotate))


def revoke_key(
    key_id: KeyId,
    mode: ModeOption = "test",
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
) -> None:
    """Ends an API key at once."""

    async def revoke(accounts: Accounts, tx: Transaction) -> None:
        await accounts.revoke_key(tx, await accounts.find_scope(tx, account, mode), key_id)

    _with_accounts(data_dir, revoke)


def add_webhook(
    url: Annotated[str, typer.Option("--url", help="Where events are posted to.")],
    data_dir: DataDir = Path(".qsignhub"),
    account: Account = DEFAULT_ACCOUNT,
    mode: ModeOption = "test",
) -> None:
    """Adds a webhook endpoint and prints its secret, alone, on standard output."""
    print(asyncio.run(_add_webhook(Settings(data_dir=data_dir), mode, account, url)))


def _with_accounts(data_dir: Path, work: Callable[[Accounts, Transaction], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with _transaction(Settings(data_dir=data_dir)) as (_, tx):
            return await work(Accounts(SystemClock()), tx)

    return asyncio.run(run())


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
    keys.command("list")(list_keys)
    keys.command("rotate")(rotate_key)
    keys.command("revoke")(revoke_key)
    keys.callback()(_group)
    app.add_typer(keys, name="keys")
    webhooks = typer.Typer(help="Webhook endpoints.", no_args_is_help=True)
    webhooks.command("add")(add_webhook)
    webhooks.callback()(_group)
    app.add_typer(webhooks, name="webhooks")


def _group() -> None:
    """Without it typer would take a group of one command for the command."""
