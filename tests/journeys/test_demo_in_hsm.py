"""The demo, whole, with the signers' keys in SoftHSM."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.softhsm import SoftToken


def private_keys(token: SoftToken) -> int:
    return token.tool("--list-objects", "--type", "privkey").stdout.count("Private Key Object")


def last_change(token: SoftToken) -> int:
    """When an object was made in SoftHSM's folders, or destroyed, last."""
    return max(path.stat().st_mtime_ns for path in token.tokens.rglob("*") if path.is_dir())


@pytest.mark.tools
def test_the_demo_with_keys_in_an_hsm(softhsm_token: SoftToken, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text(f"{softhsm_token.pin}\n")
    before, changed = private_keys(softhsm_token), last_change(softhsm_token)
    done = subprocess.run(
        [sys.executable, "-m", "qsignhub", "demo", "--out", str(tmp_path / "demo")],
        env=os.environ
        | softhsm_token.environment
        | {
            "QSIGNHUB_SANDBOX_KEYS": "pkcs11",
            "QSIGNHUB_PKCS11_MODULE": str(softhsm_token.module),
            "QSIGNHUB_PKCS11_TOKEN": softhsm_token.label,
            "QSIGNHUB_PKCS11_PIN_FILE": str(pin),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = subprocess.run(
        ["pdfsig", str(tmp_path / "demo" / "signed.pdf")], capture_output=True, text=True, check=False
    )
    assert said.stdout.count("Signature is Valid") >= 2
    assert last_change(softhsm_token) > changed  # keys were made in the token
    assert private_keys(softhsm_token) == before  # and each was there for one signature
