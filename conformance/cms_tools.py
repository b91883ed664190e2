"""CMS signatures and timestamps by OpenSSL."""

from __future__ import annotations

import re
import tempfile
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from conformance.findings import Finding
from conformance.programs import tried
from conformance.signed_parts import (
    Timestamp,
    pdf_signatures,
    signature_entries,
    timestamps_of_cms,
    timestamps_of_pdf,
    timestamps_of_xml,
)
from conformance.signing import Output


def openssl_cms(output: Output, trust: Path, scratch: Path) -> Finding:
    if output.combination.packaging == "asic_e":
        return _openssl_container(output, trust, scratch)
    content = ("-content", output.content) if output.content is not None else ()
    return _openssl(output, output.file, trust, scratch, *content)


def _openssl_container(output: Output, trust: Path, scratch: Path) -> Finding:
    """Each signature is over the manifest that names it (EN 319 162-1 clause 4.4.3.2)."""
    with zipfile.ZipFile(output.file) as container:
        names = signature_entries(container)
        for name in names:
            manifest = next(
                (
                    entry
                    for entry in container.namelist()
                    if "Manifest" in entry and f'"{name}"'.encode() in container.read(entry)
                ),
                None,
            )
            if manifest is None:
                raise ValueError(f"no manifest names {name}")
            (scratch / "signature").write_bytes(container.read(name))
            (scratch / "signed").write_bytes(container.read(manifest))
            finding = _openssl(output, scratch / "signature", trust, scratch, "-content", scratch / "signed")
            if finding.outcome != "passed":
                return finding
            if (wrong := _wrong_reference(container, manifest)) is not None:
                return Finding("openssl cms -cades", "failed", wrong)
    return Finding("openssl cms -cades", "passed" if names else "failed")


def _wrong_reference(container: zipfile.ZipFile, manifest: str) -> str | None:
    """OpenSSL knows no manifest: its digests are compared with ``openssl dgst`` 's own."""
    text = container.read(manifest).decode()
    pattern = r'URI="([^"]+)".*?DigestMethod[^>]*#(sha\d+)".*?DigestValue[^>]*>([^<]+)<'
    for block in re.findall(r"<[\w:]*DataObjectReference\b.*?</[\w:]*DataObjectReference>", text, re.DOTALL):
        found = re.search(pattern, block, re.DOTALL)
        if found is None:
            return f"a reference of {manifest} cannot be read"
        with tempfile.NamedTemporaryFile() as entry:
            entry.write(container.read(unquote(found[1])))
            entry.flush()
            _, said = tried("openssl", "dgst", f"-{found[2]}", "-r", entry.name)
        if b64decode(found[3]).hex() != said.split()[0]:
            return f"{found[1]} has another digest than {manifest} says"
    return None


def _openssl(output: Output, file: Path, trust: Path, scratch: Path, *content: str | Path) -> Finding:
    passed, said = tried(
        *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", file, *content),
        *("-out", scratch / "content", "-CAfile", trust / "root.pem", "-purpose", "any"),
        *("-attime", str(int(output.file.stat().st_mtime))),
    )
    right = passed and "CAdES Verification successful" in said
    return Finding(
        "openssl cms -cades", "passed" if right else "failed", "" if right else said.strip()[-300:]
    )


def openssl_ts(output: Output, trust: Path, scratch: Path) -> Finding | None:
    if output.combination.level == "B-B":
        return None
    count = 0
    for timestamp in _timestamps(output):
        (scratch / "token").write_bytes(timestamp.token)
        (scratch / "covered").write_bytes(timestamp.covered)
        passed, said = tried(
            *(
                "openssl",
                "ts",
                "-verify",
                "-token_in",
                "-in",
                scratch / "token",
                "-data",
                scratch / "covered",
            ),
            *("-CAfile", trust / "root.pem", "-untrusted", trust / "issuers.pem"),
        )
        if not passed or "Verification: OK" not in said:
            return Finding("openssl ts", "failed", said.strip()[-300:])
        count += 1
    right = count >= output.combination.signers
    return Finding("openssl ts", "passed" if right else "failed", "" if right else f"{count} timestamps")


def _timestamps(output: Output) -> Iterator[Timestamp]:
    combination = output.combination
    if combination.format == "pades":
        ours = output.file.read_bytes()
        if not combination.document.foreign:
            yield from timestamps_of_pdf(ours)
            return
        before = len(pdf_signatures(combination.document.path.read_bytes()))
        for signature in pdf_signatures(ours)[before:]:
            if not signature.is_timestamp:
                yield from timestamps_of_cms(signature.contents)
        return
    if combination.packaging == "asic_e":
        with zipfile.ZipFile(output.file) as container:
            parts = [container.read(name) for name in signature_entries(container)]
    else:
        parts = [output.file.read_bytes()]
    for part in parts:
        yield from timestamps_of_xml(part) if combination.format == "xades" else timestamps_of_cms(part)
