"""DSS as a judge of what the cycle made, by what is in the file alone and with the sandbox's root."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

_JUDGE = Path(__file__).resolve().parents[2] / "conformance" / "target"


def verdicts(folder: Path, content: bytes, root: bytes, name: str = "signed.pdf") -> list[dict[str, object]]:
    """One for each signature; skips the test where DSS is not built."""
    if not (_JUDGE / "conformance.jar").exists() or shutil.which("java") is None:
        pytest.skip("DSS is not built (make conformance)")
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / name).write_bytes(content)
    (folder / "root.pem").write_text(ssl.DER_cert_to_PEM_cert(root))
    subprocess.run(
        [
            *("java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"),
            *("-cp", f"{_JUDGE}/conformance.jar:{_JUDGE}/lib/*", "io.qsignhub.conformance.Judge"),
            *("--trust", str(folder / "root.pem"), "--offline", "--out", str(folder / "verdicts")),
            str(folder / "files"),
        ],
        check=True,
        timeout=120,
    )
    verdict = json.loads((folder / "verdicts" / f"{name}.json").read_text())
    found: list[dict[str, object]] = verdict["signatures"]
    return found


def judged(
    folder: Path, content: bytes, root: bytes, level: str, signatures: int = 1, name: str = "signed.pdf"
) -> None:
    """Every signature is TOTAL-PASSED and of the level, without an error or a warning."""
    found = verdicts(folder, content, root, name)
    assert len(found) == signatures
    for one in found:
        assert (one["indication"], one["format"], one["errors"], one["warnings"]) == (
            "TOTAL_PASSED",
            level,
            [],
            [],
        ), one
