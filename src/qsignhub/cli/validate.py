"""``qsignhub validate FILE``: offline, without a server. The exit code is the verdict."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from qsignhub.cli.terminal import terminal
from qsignhub.foundation.clock import SystemClock, iso_milliseconds
from qsignhub.foundation.errors import NotFound
from qsignhub.validation import (
    DocumentTimestampReport,
    SignatureReport,
    TrustAnchor,
    ValidationReport,
    anchors_from_file,
    validate_pdf,
)

_COLOURS = {"TOTAL-PASSED": "green", "TOTAL-FAILED": "red", "INDETERMINATE": "yellow"}
_NOT_VALID = 1


def validate(
    file: Annotated[Path, typer.Argument(help="The signed PDF.", show_default=False)],
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="A root that you trust (PEM or DER); repeatable.")
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the response body of POST /v1/validate.")
    ] = False,
) -> int:
    """Validates a signed PDF offline. Exit code 0 only if there is a signature and every one passes."""
    anchors = [anchor for path in trust or [] for anchor in anchors_from_file(_content(path))]
    report = asyncio.run(_validate(file, anchors))
    if json_output:
        print(json.dumps(report.as_contract(), indent=2, ensure_ascii=False))
    else:
        _present(report, file, terminal(highlight=False))
    if not report.valid:
        raise typer.Exit(_NOT_VALID)
    return 0


async def _validate(file: Path, anchors: list[TrustAnchor]) -> ValidationReport:
    _must_exist(file)
    with file.open("rb") as source:
        return await validate_pdf(source, anchors=anchors, now=SystemClock().now())


def _content(path: Path) -> bytes:
    _must_exist(path)
    return path.read_bytes()


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")


def _present(report: ValidationReport, file: Path, console: Console) -> None:
    verdict = "[bold green]VALID[/]" if report.valid else "[bold red]NOT VALID[/]"
    console.print(f"{verdict}  {escape(str(file))}")
    for signature in report.signatures:
        console.print(_signature_panel(signature))
    for stamp in report.document_timestamps:
        console.print(_timestamp_panel(stamp))
    if not report.valid:
        console.print("[bold]Why:[/]")
        for reason in report.reasons:
            console.print(f"  • {escape(reason)}")


def _signature_panel(one: SignatureReport) -> Panel:
    rows = [
        ("signer", one.signer_name or "unknown"),
        ("signed at", f"{_time(one)}{'' if one.timestamp_valid else ' (claimed, not proven)'}"),
        ("level", f"{one.signature_level}, {one.format}"),
        ("certificate", f"{_yes(one.certificate_valid)}, issued by {one.certificate_issuer or 'unknown'}"),
        ("trust", one.trusted_list),
        ("document unaltered", _yes(one.document_integrity)),
        ("timestamp", _yes(one.timestamp_valid)),
        ("revocation (OCSP)", one.ocsp_status),
        *(("note", reason) for reason in one.reasons),
    ]
    return _panel(f"Signature {one.field}", rows, one.indication, one.sub_indication)


def _timestamp_panel(one: DocumentTimestampReport) -> Panel:
    rows = [
        ("time", iso_milliseconds(one.timestamped_at) if one.timestamped_at else "unknown"),
        ("authority", one.authority or "unknown"),
        ("intact, trusted", f"{_yes(one.intact)}, {_yes(one.trusted)}"),
        *(("note", reason) for reason in one.reasons),
    ]
    return _panel(f"Document timestamp {one.field}", rows, one.indication, one.sub_indication)


def _panel(title: str, rows: list[tuple[str, str]], indication: str, sub_indication: str | None) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, value in rows:
        table.add_row(label, escape(value))
    colour = _COLOURS[indication]
    verdict = indication if sub_indication is None else f"{indication} ({sub_indication})"
    return Panel(
        table,
        title=f"[{colour}]{verdict}[/]  {escape(title)}",
        title_align="left",
        border_style=colour,
        expand=False,
    )


def _time(one: SignatureReport) -> str:
    return iso_milliseconds(one.signed_at) if one.signed_at else "unknown"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def register(app: typer.Typer) -> None:
    app.command()(validate)
