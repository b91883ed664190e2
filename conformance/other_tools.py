"""The same outputs by tools that are neither ours nor DSS. Each judges what it can, says what it cannot."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from lxml import etree

from conformance.cms_tools import openssl_cms, openssl_ts
from conformance.findings import Finding
from conformance.pdf_tools import pdfsig, pdfsig_on_document_timestamps, pyhanko
from conformance.programs import ProgramMissing
from conformance.signing import Output
from conformance.xml_tools import xmlsec1


def judged(output: Output, trust: Path) -> list[Finding]:
    """By every tool for the output's format. ``trust`` holds ``root.pem`` and ``issuers.pem``."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        scratch = Path(folder)
        return [
            finding
            for tool, judge in _TOOLS[output.combination.format]
            for finding in _findings(tool, judge, output, trust, scratch)
        ]


_Judge: TypeAlias = Callable[[Output, Path, Path], Finding | None]


def _findings(tool: str, judge: _Judge, output: Output, trust: Path, scratch: Path) -> Iterator[Finding]:
    try:
        found = judge(output, trust, scratch)
    except ProgramMissing as missing:
        found = Finding(tool, "cannot", str(missing))
    except (ValueError, zipfile.BadZipFile, etree.XMLSyntaxError) as unreadable:
        found = Finding(tool, "failed", f"there is nothing to show it: {unreadable}")
    if found is not None:
        yield found


_TOOLS: dict[str, tuple[tuple[str, _Judge], ...]] = {
    "pades": (
        ("pdfsig", pdfsig),
        ("pdfsig, document timestamp", pdfsig_on_document_timestamps),
        ("pyHanko", pyhanko),
        ("openssl ts", openssl_ts),
    ),
    "xades": (("xmlsec1", xmlsec1), ("openssl ts", openssl_ts)),
    "cades": (("openssl cms -cades", openssl_cms), ("openssl ts", openssl_ts)),
}
