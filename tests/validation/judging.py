"""Short ways for tests to make a sample once, and to judge a document."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache

from asn1crypto import cms

from qsignhub.validation import TrustAnchor, ValidationReport, validate_pdf
from tests.validation.signed_samples import LATER, Hierarchy, Level, der, hierarchy, sample

CONTENTS = re.compile(rb"/Contents ?<([0-9A-Fa-f]+)>")


def sandbox_anchor(pki: Hierarchy | None = None) -> TrustAnchor:
    return TrustAnchor(certificate=der((pki or hierarchy()).root.certificate), origin="sandbox")


def judge(
    document: bytes, *, now: datetime = LATER, anchors: list[TrustAnchor] | None = None
) -> ValidationReport:
    trusted = [sandbox_anchor()] if anchors is None else anchors
    return asyncio.run(validate_pdf(io.BytesIO(document), anchors=trusted, now=now))


@cache
def made(level: Level) -> bytes:
    return asyncio.run(sample(level))


def contents_spans(document: bytes) -> list[tuple[int, int]]:
    """Where the hexadecimal digits of each signature's /Contents stand, in the order of the file."""
    return [match.span(1) for match in CONTENTS.finditer(document)]


def encoded_length(document: bytes, span: tuple[int, int]) -> int:
    """How many bytes the DER structure in a /Contents takes, without the padding."""
    return len(cms.ContentInfo.load(bytes.fromhex(document[slice(*span)].decode())).dump())


def with_contents(document: bytes, index: int, change: Callable[[cms.ContentInfo], None]) -> bytes:
    """The document with one signature's CMS structure changed; the padding takes up the difference."""
    start, end = contents_spans(document)[index]
    content_info = cms.ContentInfo.load(bytes.fromhex(document[start:end].decode()))
    change(content_info)
    changed = content_info.dump().hex().encode().ljust(end - start, b"0")
    assert len(changed) == end - start
    return bytes(document[:start] + changed + document[end:])


def flipped(document: bytes, at: int) -> bytes:
    """One byte changed; a hexadecimal digit becomes another one."""
    old = document[at]
    new = b"%X" % (int(chr(old), 16) ^ 1) if chr(old) in "0123456789ABCDEFabcdef" else bytes([old ^ 1])
    return document[:at] + new + document[at + 1 :]
