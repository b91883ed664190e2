"""A token of SoftHSM2 in a folder, for tests that sign with it here and in services that they start."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SO_PIN = "the security officer's"


@dataclass(frozen=True, slots=True)
class SoftToken:
    """``environment`` is what a process needs, on top of its own, to see the token."""

    module: Path
    label: str
    pin: str
    tokens: Path
    environment: dict[str, str]

    def tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """OpenSC's pkcs11-tool, logged in."""
        command = ["pkcs11-tool", "--module", self.module, "--token-label", self.label, "--login"]
        return subprocess.run(
            [*map(str, command), "--pin", self.pin, *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def missing_programs() -> str | None:
    """Why there can be no token here; None where there can."""
    absent = [program for program in ("softhsm2-util", "pkcs11-tool") if shutil.which(program) is None]
    if absent or _module() is None:
        return f"{' and '.join(absent) or 'libsofthsm2.so'} not installed (Debian: softhsm2, opensc)"
    return None


def soft_token(folder: Path, label: str = "qsignhub-tests", pin: str = "2718-2818") -> SoftToken:
    """A fresh token. More of them in one folder are seen together, by one environment."""
    module = _module()
    assert module is not None, missing_programs()
    tokens = folder / "tokens"
    tokens.mkdir(parents=True, exist_ok=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    environment = {"SOFTHSM2_CONF": str(configuration)}
    subprocess.run(
        [
            *("softhsm2-util", "--init-token", "--free", "--module", str(module)),
            *("--label", label, "--pin", pin, "--so-pin", SO_PIN),
        ],
        env=os.environ | environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return SoftToken(module, label, pin, tokens, environment)


def _module() -> Path | None:
    folders = [Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")]
    folders += Path("/usr/lib").glob("*-linux-gnu")
    found = [folder / "softhsm" / "libsofthsm2.so" for folder in folders]
    found += [folder / "pkcs11" / "libsofthsm2.so" for folder in folders]
    return next((path for path in found if path.is_file()), None)
