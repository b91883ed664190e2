"""How the live side is told of this QTSP: a TOML file and the certificates beside it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from qsignhub.sandbox_qtsp.qtsp import Qtsp, open_qtsp


@dataclass(frozen=True, slots=True)
class Configuration:
    """``files`` are the certificates (PEM) by the names that ``toml`` has for them."""

    toml: str
    files: dict[str, bytes]


def configuration(qtsp: Qtsp) -> Configuration:
    """The values are quoted as JSON strings, which TOML reads alike."""
    slug = re.sub(r"[^a-z0-9]+", "-", qtsp.name.lower()).strip("-") or "qtsp"
    root, list_signer = f"{slug}-root.pem", f"{slug}-tl-signer.pem"
    toml = f"""\
[[trust_service]]
name = {json.dumps(slug)}
kind = "csc"
url = {json.dumps(f"{qtsp.base_url}/csc/v2")}
version = "2"
client_id = {json.dumps(qtsp.client_id)}
client_secret = {json.dumps(qtsp.client_secret)}
user_id = "email"
signature_types = ["qes", "aes"]
countries = []
accounts = []
timestamps = [{json.dumps(f"{slug}-tsa")}]
anchors = [{json.dumps(root)}]
allow_private = true

[[timestamp_authority]]
name = {json.dumps(f"{slug}-tsa")}
url = {json.dumps(f"{qtsp.base_url}/tsa")}
anchors = [{json.dumps(root)}]
allow_private = true

[[trusted_list]]
url = {json.dumps(f"{qtsp.base_url}/tl.xml")}
signers = [{json.dumps(list_signer)}]
allow_private = true
"""
    return Configuration(
        toml,
        {
            root: qtsp.authority.root.public_bytes(Encoding.PEM),
            list_signer: qtsp.authority.list_signer.public_bytes(Encoding.PEM),
        },
    )


def configuration_of(folder: Path, name: str, base_url: str) -> Configuration:
    """The configuration for a QTSP that need not run; its keys are made if they are not there yet."""
    return configuration(open_qtsp(folder, name, base_url))
