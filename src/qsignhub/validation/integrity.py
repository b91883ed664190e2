"""Is the document still what was signed? Coverage, changes in later revisions, and bytes outside of both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils.form_tools import enumerate_fields_in
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, SuspiciousModification
from pyhanko.sign.validation.status import SignatureCoverageLevel

from qsignhub.validation.container import byte_range_defects, cms_defects
from qsignhub.validation.document import PARSER_ERRORS, SignedDocument, SignedField

_END = re.compile(rb"startxref[ \t]*[\r\n]+[ \t]*(\d{1,12})[ \t]*[\r\n]+%%EOF(\r\n|\r|\n)?\Z")
_END_WINDOW = 64


@dataclass(frozen=True)
class Integrity:
    """``defects`` keep the signature from passing; ``notes`` tell of changes that are allowed.

    ``undecided``: the defect is one of the document's structure, so that changes cannot be told from it.
    """

    defects: tuple[str, ...]
    notes: tuple[str, ...] = ()
    covers_whole_file: bool = False
    undecided: bool = False

    @property
    def result(self) -> AdESSubIndic | None:
        if not self.defects:
            return None
        return AdESIndeterminate.GENERIC if self.undecided else AdESFailure.FORMAT_FAILURE


def examine(document: SignedDocument, field: SignedField) -> Integrity:
    """The format checks of EN 319 102-1 clause 5.2.2, as far as they concern a signature in a PDF."""
    signature = field.signature
    if signature is None:
        return Integrity((field.defect or "The signature cannot be read.",))
    defects = [field.defect] if field.defect else []
    try:
        defects += byte_range_defects(document, signature)
        defects += cms_defects(signature.pkcs7_content)
        signature.compute_integrity_info(DEFAULT_DIFF_POLICY)  # type: ignore[no-untyped-call]
        summary = signature.summarise_integrity_info()
    except PARSER_ERRORS as error:
        told = f"Whether the document was changed after signing cannot be judged: {error}"
        return Integrity((*defects, told), undecided=not defects)
    coverage: SignatureCoverageLevel = summary["coverage"]
    whole = coverage == SignatureCoverageLevel.ENTIRE_FILE
    if coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        defects.append("The byte range does not cover everything up to the end of the signed revision.")
    elif not whole and signature.signed_revision == document.reader.xrefs.total_revisions - 1:
        defects.append("Bytes were appended after the end of the signed document.")
    difference = summary["diff_result"]
    if isinstance(difference, SuspiciousModification):
        defects.append(f"The document was changed after signing in a way that is not allowed: {difference}")
    elif summary["docmdp_ok"] is False:
        defects.append("The document was changed after signing although the signature forbids it (DocMDP).")
    return Integrity(
        tuple(defects), tuple(_filled_in(document, signature.signed_revision, difference)), whole
    )


def _filled_in(document: SignedDocument, revision: int, difference: Any) -> list[str]:
    """Form filling is allowed without DocMDP P=1 (ISO 32000-2 12.8.2.2); who relies on it should know."""
    if isinstance(difference, SuspiciousModification) or not difference.changed_form_fields:
        return []
    before = _form_values(HistoricalResolver(document.reader, revision=revision))
    filled = sorted(
        name for name, value in _form_values(document.reader).items() if before.get(name) != value
    )
    return [f"Form fields were filled in after this signature: {', '.join(filled)}."] if filled else []


def _form_values(handler: PdfFileReader | HistoricalResolver) -> dict[str, str]:
    try:
        fields = handler.root["/AcroForm"]["/Fields"]
    except KeyError:
        return {}
    values: dict[str, str] = {}
    for kind in ("/Tx", "/Btn", "/Ch"):
        found = enumerate_fields_in(  # type: ignore[no-untyped-call]
            fields, target_field_type=kind, refs_seen=set()
        )
        values |= {name: str(value) for name, value, _ in found}
    return values


def end_defect(document: SignedDocument) -> str | None:
    """Nothing follows the end-of-file marker of the last revision (ISO 32000-2 7.5.5)."""
    document.source.seek(max(0, document.size - _END_WINDOW))
    found = _END.search(document.source.read(_END_WINDOW))
    if found is None or int(found.group(1)) != document.reader.last_startxref:
        return "There are bytes after the end of the document's last revision."
    return None
