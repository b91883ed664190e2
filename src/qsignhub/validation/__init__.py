"""Validation of signed documents as a library (EN 319 102-1): no network, no database.

>>> anchor = TrustAnchor(certificate=root_der, origin="operator")        # doctest: +SKIP
>>> with open("signed.pdf", "rb") as source:                             # doctest: +SKIP
...     report = await validate_pdf(source, anchors=[anchor], now=clock.now())
>>> report.valid, report.reasons                                         # doctest: +SKIP
"""

from __future__ import annotations

from qsignhub.validation.anchors import TrustAnchor, anchors_from_file
from qsignhub.validation.pades import validate_pdf
from qsignhub.validation.report import DocumentTimestampReport, SignatureReport, ValidationReport

__all__ = [
    "DocumentTimestampReport",
    "SignatureReport",
    "TrustAnchor",
    "ValidationReport",
    "anchors_from_file",
    "validate_pdf",
]
