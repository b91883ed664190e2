"""The command ``qsignhub``."""

from __future__ import annotations

import sys

import typer

from qsignhub.cli import admin, demo, serve, validate
from qsignhub.foundation.errors import QSignHubError
from qsignhub.settings import Settings

app = typer.Typer(
    name="qsignhub",
    help="Electronic signatures under eIDAS through one REST API, on your own servers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(serve.api)
app.command()(serve.worker)
app.add_typer(admin.keys, name="keys")
app.add_typer(admin.webhooks, name="webhooks")
app.command()(demo.demo)
app.command()(validate.validate)
app.command("settings")(admin.show_settings)


def main() -> None:
    """Runs a command; an error of ours is one line on standard error and exit code 2."""
    Settings().configure_logging()
    try:
        app()
    except QSignHubError as exc:
        print(f"qsignhub: {exc.message} [{exc.code}]", file=sys.stderr)
        sys.exit(2)
