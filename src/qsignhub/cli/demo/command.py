from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from qsignhub.cli.demo.journey import Journey, JourneyFailed, Outcome
from qsignhub.cli.demo.page import PageUnexpected
from qsignhub.cli.demo.receiver import Receiver, listening_receiver
from qsignhub.cli.demo.service import RunningService, ServiceNotReady, running_service
from qsignhub.cli.terminal import terminal

_FIELDS_OF_SAMPLE = [  # on the lines at the end of the shipped agreement
    {"signer_index": 0, "page": 2, "x": 74, "y": 377, "width": 200, "height": 60, "type": "signature"},
    {"signer_index": 1, "page": 2, "x": 310, "y": 377, "width": 200, "height": 60, "type": "signature"},
]


class Timeline:
    """What happened when, seconds from the start; told on screen as it happens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self.entries: list[dict[str, Any]] = []

    def tell(self, step: str, outcome: str) -> None:
        at = round(time.monotonic() - self._started, 2)
        self.entries.append({"at_seconds": at, "step": step, "outcome": outcome})
        self._console.print(
            f"  [green]✓[/] [dim]{at:6.2f} s[/]  [bold]{step}[/]  {escape(outcome)}", highlight=False
        )


def demo(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Your PDF.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keeps signed.pdf, root.pem, timeline.json.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Prints the timeline as JSON.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leaves the service running until Ctrl+C.")] = False,
) -> None:
    """Shows everything at once: a contract uploaded, signed by two people, delivered, validated."""
    console = terminal(stderr=json_output)
    timeline = Timeline(console)
    sample = files("qsignhub.cli.demo") / "service-agreement.pdf"
    console.print("\n[bold]QSignHub[/]  SANDBOX: real cryptography, no legal value\n", highlight=False)
    try:
        with as_file(sample) as shipped, _everything_needed(timeline, console) as (service, receiver):
            contract = (file, ()) if file else (shipped, _FIELDS_OF_SAMPLE)
            outcome = _run(contract, service, receiver, timeline, console)
            if out is not None:
                _keep(out, outcome, timeline)
                console.print(f"\n  signed.pdf, root.pem and timeline.json are in [bold]{out}[/]")
            if json_output:
                print(json.dumps(timeline.entries, indent=2))
            console.print("\n  [green]Everything held.[/]\n", highlight=False)
            if keep:
                _wait_for_interrupt(console, service)
    except (JourneyFailed, PageUnexpected, ServiceNotReady, httpx.HTTPError) as exc:
        console.print(f"\n  [red]✗ {type(exc).__name__}[/]: {exc}\n", highlight=False)
        sys.exit(1)


@contextmanager
def _everything_needed(timeline: Timeline, console: Console) -> Iterator[tuple[RunningService, Receiver]]:
    """A service on a folder of its own, and a webhook receiver."""
    with (
        tempfile.TemporaryDirectory(prefix="qsignhub-demo-") as folder,
        listening_receiver() as receiver,
        ExitStack() as stack,
    ):
        with console.status("Starting the service, its database and its trust services …"):
            service = stack.enter_context(running_service(Path(folder) / "data"))
        timeline.tell("Service ready", f"on {service.base_url}")
        yield service, receiver


def _run(
    contract: tuple[Path, Sequence[Mapping[str, Any]]],
    service: RunningService,
    receiver: Receiver,
    timeline: Timeline,
    console: Console,
) -> Outcome:
    with console.status("Signing …"):
        api_key = service.command("keys", "create", "--mode", "test")
        receiver.secret = service.command("webhooks", "add", "--url", receiver.url)
        timeline.tell("API key and webhook", f"{api_key[:13]}…, {receiver.url}")
        journey = Journey(service.base_url, api_key, receiver, timeline.tell)
        return journey.run(*contract)


def _wait_for_interrupt(console: Console, service: RunningService) -> None:
    console.print(f"  The service stays on {service.base_url} until Ctrl+C.\n", highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        signal.pause()


def _keep(out: Path, outcome: Outcome, timeline: Timeline) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "signed.pdf").write_bytes(outcome.signed_pdf)
    (out / "root.pem").write_text(outcome.root_pem)
    (out / "timeline.json").write_text(
        json.dumps({"timeline": timeline.entries, "validation": outcome.validation}, indent=2) + "\n"
    )


def register(app: typer.Typer) -> None:
    app.command()(demo)
