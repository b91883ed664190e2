"""PDF signatures by Poppler's pdfsig and pyHanko's command line."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from click.testing import CliRunner
from pyhanko.cli import cli_root

from conformance.findings import Finding
from conformance.programs import tried
from conformance.signing import Output


def pdfsig(output: Output, trust: Path, scratch: Path) -> Finding:  # noqa: ARG001  # a judge's shape
    _, said = tried("pdfsig", "-nocert", output.file)
    ours = [part for part in said.split("Signature #")[1:] if "Signature Field Name: Signature-" in part]
    valid = [part for part in ours if "Signature Validation: Signature is Valid." in part]
    if len(valid) == output.combination.signers:
        return Finding("pdfsig", "passed")
    wrong = [re.findall(r"Signature Validation: (.*)", part) for part in ours if part not in valid]
    return Finding("pdfsig", "failed", "; ".join(one for found in wrong for one in found) or said[-300:])


def pdfsig_on_document_timestamps(output: Output, trust: Path, scratch: Path) -> Finding | None:  # noqa: ARG001
    if output.combination.level != "B-LTA":
        return None
    _, said = tried("pdfsig", "-nocert", output.file)
    tool = "pdfsig, document timestamp"
    if "Unable to validate this type of signature" in said:
        return Finding(tool, "cannot", "Unimplemented Feature (0): Unable to validate this type of signature")
    part = next((part for part in said.split("Signature #")[1:] if "Field Name: Timestamp-" in part), "")
    passed = "Signature Validation: Signature is Valid." in part
    return Finding(tool, "passed" if passed else "failed", "" if passed else said[-300:])


def pyhanko(output: Output, trust: Path, scratch: Path) -> Finding:  # noqa: ARG001
    """``pyhanko sign validate``, which asks our OCSP responders and fetches our CRLs."""
    logging.disable(logging.WARNING)
    done = CliRunner().invoke(
        cli_root,
        ["sign", "validate", "--trust-replace", "--trust", str(trust / "root.pem"), str(output.file)],
    )
    lines = re.findall(r"^Signature-\d+:.*$", done.output, re.MULTILINE)
    trusted = [line for line in lines if ":INTACT:TRUSTED" in line and "UNTRUSTED" not in line]
    if len(trusted) == output.combination.signers == len(lines):
        return Finding("pyHanko", "passed")
    said = "; ".join(line for line in lines if line not in trusted) or done.output or repr(done.exception)
    return Finding("pyHanko", "failed", said.strip()[-300:])
