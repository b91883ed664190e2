"""A mail server that cannot be read is told at the start, in a line, and without the password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qsignhub.notifications.errors import MailServerUrlInvalid
from qsignhub.settings import Settings


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_service_with_an_unreadable_mail_server_does_not_start(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qsignhub", command, "--data-dir", str(tmp_path / "data")],
        env={**os.environ, "QSIGNHUB_SMTP_URL": "https://hub:geheim@mail.example"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("qsignhub: QSIGNHUB_SMTP_URL must look like ")
    assert done.stderr.count("\n") == 1
    assert "geheim" not in done.stdout + done.stderr
    assert not (tmp_path / "data").exists()


def test_an_unreadable_sender_is_told_too() -> None:
    with pytest.raises(MailServerUrlInvalid, match="QSIGNHUB_MAIL_FROM"):
        Settings(mail_from="nobody").checked()
    assert Settings(smtp_url="smtps://hub:x@mail.example").checked().smtp_url


def test_the_list_of_settings_does_not_show_the_password() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qsignhub", "settings"],
        env={**os.environ, "QSIGNHUB_SMTP_URL": "smtp://hub:geheim@mail.example"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "QSIGNHUB_SMTP_URL=(set)" in done.stdout
    assert "geheim" not in done.stdout
