"""``authority``: what an operator does with the built-in certification authority."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from qsignhub.authority.administration import AuthorityAdministration
from qsignhub.authority.revocations import REASONS
from qsignhub.authority.serials import colon_separated, read_serial
from qsignhub.cli.database import ready_database
from qsignhub.cli.terminal import terminal
from qsignhub.foundation.clock import SystemClock, iso
from qsignhub.foundation.database import Database, Transaction
from qsignhub.foundation.register import Vault
from qsignhub.settings import Settings

PASSPHRASE = "QSIGNHUB_ROOT_PASSPHRASE"  # noqa: S105 (its name)
_T = TypeVar("_T")

DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data folder.")]
Name = Annotated[str, typer.Option("--authority", help="Which authority.")]
RootFile = Annotated[Path, typer.Argument(help="The file with the root's key, encrypted.")]


def status(data_dir: DataDir = Path(".qsignhub"), authority: Name = "sandbox") -> None:
    """Lists the authority's own certificates, when they end, and where the root's key is."""

    async def look(found: AuthorityAdministration, tx: Transaction) -> tuple[Table, str]:
        table = Table("role", "ends", "state", "serial number", "base URL", "subject", box=None)
        now = SystemClock().now()
        for each in await found.standings(tx):
            state = "revoked" if each.revoked else "valid" if now < each.not_after else "over"
            ends = iso(each.not_after)
            table.add_row(each.role, ends, state, each.serial, Text(each.base_url), Text(each.subject))
        place = "away, on a file of its own" if await found.root_is_offline() else "in the vault"
        until = await found.root_crl_until(tx)
        crl = f"; its CRL is good until {iso(until)}" if until else ""
        return table, f"The root's key is {place}{crl}."

    table, sentence = _with_authority(data_dir, authority, look)
    console = terminal(width=None if sys.stdout.isatty() else 260)
    console.print(table)
    console.print(sentence)


def export_root(file: RootFile, data_dir: DataDir = Path(".qsignhub"), authority: Name = "sandbox") -> None:
    """Writes the root's key to a new file, encrypted, and takes it out of the vault.

    The passphrase is asked for, or read from QSIGNHUB_ROOT_PASSPHRASE.
    """
    passphrase = _passphrase(confirm=True)
    _with_authority(data_dir, authority, lambda found, tx: found.export_root(tx, file, passphrase))
    print(f"The root's key is in {file} and no more in the vault. Keep it, and its passphrase, apart.")


def import_root(file: RootFile, data_dir: DataDir = Path(".qsignhub"), authority: Name = "sandbox") -> None:
    """Brings the root's key back: for a new base URL, a new CRL, or to revoke a CA."""
    passphrase = _passphrase(confirm=False)
    _with_authority(data_dir, authority, lambda found, tx: found.import_root(tx, file, passphrase))
    print("The root's key is in the vault again, and its CRL is signed anew.")


def revoke(
    serial: Annotated[str, typer.Argument(help="The serial number, 3A:F2:9C or plain hexadecimal.")],
    reason: Annotated[str, typer.Option("--reason", help=", ".join(REASONS) + ".")],
    data_dir: DataDir = Path(".qsignhub"),
    authority: Name = "sandbox",
) -> None:
    """Revokes a certificate that this authority issued, for good."""
    number = read_serial(serial)
    if number is None:
        raise typer.BadParameter("A serial number is hexadecimal, with colons or without.")
    if reason not in REASONS:
        raise typer.BadParameter(f"A reason is one of {', '.join(REASONS)}.")
    found = _with_authority(data_dir, authority, lambda found, tx: found.revoke(tx, number, reason))
    if found.revoked_at is not None:
        print(
            f"{colon_separated(number)} is revoked since {iso(found.revoked_at)} ({found.revocation_reason})"
        )


def _passphrase(*, confirm: bool) -> bytes:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return str(given).encode()


def _with_authority(
    data_dir: Path, authority: str, work: Callable[[AuthorityAdministration, Transaction], Awaitable[_T]]
) -> _T:
    async def run() -> _T:
        settings = Settings(data_dir=data_dir)
        async with ready_database(settings) as conninfo:
            # the vault commits by itself, on a connection of its own
            database = Database(conninfo, connections=2)
            await database.open()
            try:
                vault = Vault(database, settings.open_master_key())
                async with database.transaction() as tx:
                    return await work(AuthorityAdministration(vault, authority, SystemClock()), tx)
            finally:
                await database.close()

    return asyncio.run(run())


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The built-in certification authority.", no_args_is_help=True)
    group.command("status")(status)
    group.command("revoke")(revoke)
    group.command("export-root")(export_root)
    group.command("import-root")(import_root)
    app.add_typer(group, name="authority")
