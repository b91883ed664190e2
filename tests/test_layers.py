"""The import contract is checked, and a planted import upwards breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        ("foundation/ids.py", "import qsignhub.documents.model", "imports go down only"),
        ("documents/model.py", "import qsignhub.accounts.model", "imports go down only"),
        ("signing/cms.py", "import psycopg", "neither SQL nor FastAPI"),
    ],
)
def test_a_planted_import_breaks_the_contract(tmp_path: Path, place: str, line: str, contract: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert lint(tmp_path).returncode == 0
    planted = tmp_path / "src" / "qsignhub" / place
    planted.write_text(planted.read_text() + f"\n{line}\n")
    broken = lint(tmp_path)
    assert broken.returncode == 1
    assert contract in broken.stdout
    assert "BROKEN" in broken.stdout
