"""What commands show is what there is, also where it looks like an abbreviation of something."""

from __future__ import annotations

import io

from qsignhub.cli.demo.command import Timeline
from qsignhub.cli.terminal import terminal


def test_a_serial_number_is_shown_as_it_is() -> None:
    screen = io.StringIO()
    Timeline(terminal(file=screen, width=200)).tell("Certificate 1", "serial 41:5A:AB:2E:42 [issuer]")
    assert "serial 41:5A:AB:2E:42 [issuer]" in screen.getvalue()
