"""Validating a signed PDF: every signature, every document timestamp, and the file around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from qsignhub.validation.anchors import AnchorSet, TrustAnchor
from qsignhub.validation.document import SignedDocument, open_document
from qsignhub.validation.evidence import SecurityStores
from qsignhub.validation.integrity import end_defect
from qsignhub.validation.report import DocumentTimestampReport, SignatureReport, ValidationReport
from qsignhub.validation.signature import judge_signature
from qsignhub.validation.stamps import Stamp, judge_stamps


async def validate_pdf(
    source: BinaryIO, *, anchors: Sequence[TrustAnchor], now: datetime
) -> ValidationReport:
    """Validates a PDF offline: with what it holds, and the anchors.

    :param source: seekable; read in place, never changed
    :param now: the validation time, timezone-aware
    :raises NotAPdf, UnreadableDocument, EncryptedDocument, TooManySignatures: there is nothing to judge
    :raises UnreadableAnchor: an anchor is not a certificate
    """
    anchor_set = AnchorSet(anchors)
    document = open_document(source)
    stores = SecurityStores(document.reader)
    stamps = await judge_stamps(document, stores, anchor_set, now)
    signatures = [
        await judge_signature(document, field, stamps, stores, anchors=anchor_set, now=now)
        for field in document.fields
        if not field.is_timestamp
    ]
    return _report(document, signatures, stamps, stores)


def _report(
    document: SignedDocument,
    signatures: list[SignatureReport],
    stamps: tuple[Stamp, ...],
    stores: SecurityStores,
) -> ValidationReport:
    timestamps = [stamp.report() for stamp in stamps]
    reasons = [] if signatures else ["There is no signature in the document."]
    reasons += [_told(f"The signature in field {one.field}", one) for one in signatures if not _passed(one)]
    reasons += [
        _told(f"The document timestamp in field {one.field}", one) for one in timestamps if not one.passed
    ]
    reasons += _file_defects(document, stamps, stores)
    return ValidationReport(
        valid=not reasons,
        signatures=tuple(signatures),
        document_timestamps=tuple(timestamps),
        reasons=tuple(reasons),
    )


def _file_defects(document: SignedDocument, stamps: tuple[Stamp, ...], stores: SecurityStores) -> list[str]:
    """Defects outside of what the last signature or timestamp covers."""
    if not document.fields:
        return []
    last = document.fields[-1]
    total = document.reader.xrefs.total_revisions
    if last.revision == total - 1:
        return []  # its own verdict tells of bytes after its byte range
    defects = [end_defect(document)]
    if not any(stamp.passed for stamp in stamps):
        defects += stores.latest().defects
    return [defect for defect in defects if defect]


def _passed(signature: SignatureReport) -> bool:
    return signature.indication == "TOTAL-PASSED"


def _told(what: str, one: SignatureReport | DocumentTimestampReport) -> str:
    verdict = one.indication if one.sub_indication is None else f"{one.indication} ({one.sub_indication})"
    return " ".join([f"{what} is {verdict}.", *one.reasons])
