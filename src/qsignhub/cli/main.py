"""The command ``qsignhub``."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from qsignhub.foundation.errors import QSignHubError
from qsignhub.settings import Settings

_MODULE_OF = {
    "serve": "serve",
    "api": "serve",
    "worker": "serve",
    "keys": "admin",
    "webhooks": "admin",
    "authority": "authority",
    "demo": "demo",
    "validate": "validate",
    "settings": "show_settings",
    "sandbox-qtsp": "sandbox_qtsp",
}


def main() -> None:
    """Runs a command; an error of ours is one line on standard error and exit code 2."""
    Settings().configure_logging()
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else None)()
    except QSignHubError as exc:
        print(f"qsignhub: {exc.message} [{exc.code}]", file=sys.stderr)
        sys.exit(2)


def build_app(command: str | None) -> typer.Typer:
    """The application with the module of one command, or with all: a command loads only what it needs."""
    app = typer.Typer(
        name="qsignhub",
        help="Electronic signatures under eIDAS through one REST API, on your own servers.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    wanted = [_MODULE_OF[command]] if command in _MODULE_OF else list(dict.fromkeys(_MODULE_OF.values()))
    for module in wanted:
        import_module(f"qsignhub.cli.{module}").register(app)
    return app


def _root() -> None:
    """Without it typer would take a single loaded command for the whole application."""
