from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from qsignhub.cli.validate import validate
from qsignhub.foundation.errors import NotFound
from tests.validation.judging import flipped, made
from tests.validation.signed_samples import hierarchy, pem

app = typer.Typer()
app.command()(validate)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root.pem"
    path.write_bytes(pem(hierarchy().root.certificate))
    return path


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    path = tmp_path / "signed.pdf"
    path.write_bytes(made("LTA"))
    return path


def test_a_valid_file_exits_with_0(signed: Path, root: Path) -> None:
    result = CliRunner().invoke(app, [str(signed), "--trust", str(root)])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("VALID")
    assert "TOTAL-PASSED" in result.output


def test_json_is_the_contracts_body(signed: Path, root: Path) -> None:
    result = CliRunner().invoke(app, [str(signed), "--trust", str(root), "--json"])
    body = json.loads(result.output)
    assert body["valid"] is True
    assert body["signatures"][0]["trusted_list"] == "SANDBOX"


def test_a_changed_byte_exits_with_1_and_says_why(signed: Path, root: Path) -> None:
    document = made("LTA")
    signed.write_bytes(flipped(document, document.index(b"the fee is 100 EUR")))
    result = CliRunner().invoke(app, [str(signed), "--trust", str(root)])
    assert result.exit_code == 1
    assert "NOT VALID" in result.output
    assert "HASH_FAILURE" in result.output


def test_without_trust_it_is_not_valid(signed: Path) -> None:
    result = CliRunner().invoke(app, [str(signed), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.output)["signatures"][0]["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "none.pdf")])
    assert isinstance(result.exception, NotFound)
