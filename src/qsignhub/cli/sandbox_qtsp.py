"""``qsignhub sandbox-qtsp``: a trust service for tests, and its configuration for the live side."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

# by name: entrances do not import each other
_APPLICATION = "qsignhub.sandbox_qtsp.app:create"
_CONFIGURATION = "qsignhub.sandbox_qtsp.configuration"

DataDir = Annotated[Path, typer.Option("--data-dir", help="Where its keys and users are kept.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Name = Annotated[str, typer.Option("--name", help="The QTSP's name, in its certificates and its list.")]

_group = typer.Typer(
    invoke_without_command=True, help="A sandbox QTSP: CSC API, CA, OCSP, TSA, trusted list."
)


@_group.callback()
def run(
    context: typer.Context,
    data_dir: DataDir = Path(".qsignhub-qtsp"),
    port: Port = 9001,
    host: Host = "127.0.0.1",
    name: Name = "ALPHA",
) -> None:
    """Runs a sandbox QTSP: CSC API, CA, OCSP, TSA and trusted list. For tests; no legal value."""
    if context.invoked_subcommand is not None:
        return
    url = _url(host, port)
    print(import_module(_CONFIGURATION).configuration_of(data_dir, name, url).toml, flush=True)
    os.environ |= {
        "QSIGNHUB_SANDBOX_QTSP_FOLDER": str(data_dir),
        "QSIGNHUB_SANDBOX_QTSP_NAME": name,
        "QSIGNHUB_SANDBOX_QTSP_URL": url,
    }
    uvicorn.run(
        _APPLICATION, factory=True, host=host, port=port, ws="none", server_header=False, access_log=False
    )


@_group.command()
def configuration(
    out: Annotated[Path, typer.Option("--out", help="Folder for the TOML and the certificates.")],
    data_dir: DataDir = Path(".qsignhub-qtsp"),
    port: Port = 9001,
    host: Host = "127.0.0.1",
    name: Name = "ALPHA",
) -> None:
    """Writes trust-services.toml for the live side, and the certificates that it names."""
    found = import_module(_CONFIGURATION).configuration_of(data_dir, name, _url(host, port))
    out.mkdir(parents=True, exist_ok=True)
    file = out / "trust-services.toml"
    file.touch(mode=0o600)  # the client's secret is in it
    file.write_text(found.toml)
    for certificate, content in found.files.items():
        (out / certificate).write_bytes(content)
    print(file)


def _url(host: str, port: int) -> str:
    reached = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # a comparison, no binding
    return f"http://{reached}:{port}"


def register(app: typer.Typer) -> None:
    app.add_typer(_group, name="sandbox-qtsp")
