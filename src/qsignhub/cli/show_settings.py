"""``qsignhub settings``."""

from __future__ import annotations

import typer

from qsignhub.settings import Settings

_SECRET = {"master_key", "database_url", "smtp_url", "metrics_token", "pkcs11_pin"}


def show_settings() -> None:
    """Lists every setting, its value now and what it does."""
    values = Settings()
    for name, field in Settings.model_fields.items():
        value = getattr(values, name)
        shown = "(set)" if name in _SECRET and value else value
        print(f"QSIGNHUB_{name.upper()}={shown if shown is not None else ''}\n    {field.description}")


def register(app: typer.Typer) -> None:
    app.command("settings")(show_settings)
