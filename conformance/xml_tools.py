"""XML signatures by xmlsec1."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

from conformance.findings import Finding
from conformance.programs import tried
from conformance.signed_parts import DS, XADES, signature_entries, xml_values
from conformance.signing import Output

_FOREIGN_TO_XMLSEC = "sha256-rsa-MGF1"


def xmlsec1(output: Output, trust: Path, scratch: Path) -> Finding:
    file, folder = output.file, output.file.parent
    if output.combination.packaging == "asic_e":
        folder = scratch / "container"
        with zipfile.ZipFile(output.file) as container:
            container.extractall(folder)
            names = signature_entries(container)
    else:
        names = [str(file)]
        if output.content is not None:
            folder = output.content.parent
    count = 0
    for name in names:
        for number in range(1, len(xml_values((folder / name).read_bytes())) + 1):
            passed, said = tried(
                *("xmlsec1", "--verify", "--trusted-pem", trust / "root.pem"),
                *("--untrusted-pem", trust / "issuers.pem", "--id-attr:Id", f"{XADES}:SignedProperties"),
                *("--id-attr:Id", f"{DS}:Object"),  # in another signature, too
                *("--verification-time", _moment_of(output)),
                *("--node-xpath", f"(//*[local-name()='Signature'])[{number}]", name),
                folder=folder,
            )
            if not passed and _FOREIGN_TO_XMLSEC in said:
                return Finding("xmlsec1", "cannot", _line_with(_FOREIGN_TO_XMLSEC, said))
            if not passed:
                return Finding("xmlsec1", "failed", said.strip()[-300:])
            count += 1
    right = count == output.combination.signers
    return Finding("xmlsec1", "passed" if right else "failed", "" if right else f"{count} signatures")


def _moment_of(output: Output) -> str:
    """Of the signing: these tools take no timestamp for a proof that a certificate was valid then."""
    return f"{datetime.fromtimestamp(output.file.stat().st_mtime, UTC):%Y-%m-%d %H:%M:%S}"


def _line_with(word: str, said: str) -> str:
    return next(line for line in said.splitlines() if word in line).strip()[-200:]
