"""``docs/commands.md`` holds what ``--help`` prints. ``UPDATE_DOCS=1 pytest tests/docs`` writes it anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
COMMANDS = [
    (),
    ("serve",),
    ("api",),
    ("worker",),
    ("keys", "create"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("keys", "revoke"),
    ("webhooks", "add"),
    ("authority", "status"),
    ("authority", "revoke"),
    ("authority", "export-root"),
    ("authority", "import-root"),
    ("demo",),
    ("validate",),
    ("settings",),
    ("sandbox-qtsp",),
    ("sandbox-qtsp", "configuration"),
]


def printed(*command: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("QSIGNHUB_", "FORCE_"))
    } | {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "qsignhub", *command, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def page() -> str:
    parts = ["# Commands\n\nWhat `--help` prints.\n"]
    for command in COMMANDS:
        title = " ".join(("qsignhub", *command))
        parts.append(f"## {title}\n\n```text\n{printed(*command)}\n```\n")
    return "\n".join(parts)


def test_the_page_of_commands_is_what_help_prints() -> None:
    current = page()
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(current)
    assert PAGE.read_text() == current
