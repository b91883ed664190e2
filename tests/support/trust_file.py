"""The operator's file of live trust services for QTSPs that run in this test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qsignhub.sandbox_qtsp.configuration import configuration
from tests.sandbox_qtsp.box import Box


@dataclass(frozen=True, slots=True)
class Listed:
    """A QTSP in the file, and the signers that it is for."""

    name: str
    box: Box
    countries: Sequence[str] = ()
    signature_types: Sequence[str] = ("qes", "aes")
    version: str = "2"
    trusted_list: bool = True
    seal: str | None = None
    """The id of a credential to seal simple signatures with; None: it makes none."""


def write_trust_file(folder: Path, *listed: Listed, more: str = "") -> Path:
    """All time-stamping authorities serve all QTSPs, each QTSP's own first."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [more]
    for one in listed:
        for file, content in configuration(one.box.qtsp).files.items():
            kind = "list-signer" if "tl-signer" in file else "root"
            (folder / f"{one.name}-{kind}.pem").write_bytes(content)
        stamps = [one.name, *(other.name for other in listed if other is not one)]
        types = [*one.signature_types, *(["ses"] if one.seal else [])]
        tables.append(f"""\
[[trust_service]]
name = "{one.name}"
kind = "csc"
url = "{one.box.url}/csc/v{one.version[0]}"
version = "{one.version}"
client_id = "{one.box.qtsp.client_id}"
client_secret = "{one.box.qtsp.client_secret}"
user_id = "email"
signature_types = {json.dumps(types)}
{f"seal = {json.dumps(one.seal)}" if one.seal else ""}
countries = {json.dumps(list(one.countries))}
timestamps = {json.dumps([f"{name}-tsa" for name in stamps])}
anchors = ["{one.name}-root.pem"]
allow_private = true
timeout_seconds = 3

[[timestamp_authority]]
name = "{one.name}-tsa"
url = "{one.box.url}/tsa"
anchors = ["{one.name}-root.pem"]
allow_private = true
timeout_seconds = 3
""")
        if one.trusted_list:
            tables.append(f"""\
[[trusted_list]]
url = "{one.box.url}/tl.xml"
signers = ["{one.name}-list-signer.pem"]
allow_private = true
""")
    path = folder / "trust-services.toml"
    path.write_text("\n".join(tables))
    return path
