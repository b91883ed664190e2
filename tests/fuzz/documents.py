"""Files to be uploaded: real ones of every type, what is left of them after an accident, and noise."""

from __future__ import annotations

from hypothesis import strategies

from tests.documents.office_files import sheet, word
from tests.pdfs import (
    broken_xref_pdf,
    encrypted_pdf,
    form_pdf,
    hybrid_pdf,
    one_page_pdf,
    pages_pdf,
    signed_pdf,
    zip_archive,
)

XML = b'<contract xmlns="urn:a"><sum currency="EUR">42</sum></contract>\n'
WORD = word()
SHEET = sheet()
_QUICK = [one_page_pdf(), pages_pdf(3), form_pdf(), signed_pdf(), XML]
_REFUSED = [encrypted_pdf(), hybrid_pdf(), broken_xref_pdf(), zip_archive(), b"%PDF-1.7\n", b""]
_ALL = [*_QUICK, WORD, SHEET]


@strategies.composite
def damaged(draw: strategies.DrawFn) -> bytes:
    """A real file with some of its bytes changed, cut off, doubled or put in."""
    content = draw(strategies.sampled_from(_ALL))
    for _ in range(draw(strategies.integers(1, 4))):
        start = draw(strategies.integers(0, len(content)))
        end = min(len(content), start + draw(strategies.integers(0, 400)))
        piece = draw(
            strategies.one_of(
                strategies.binary(max_size=40), strategies.just(content[start:end] * 2), strategies.just(b"")
            )
        )
        content = content[:start] + piece + content[end:]
    return content


# Office documents are laid out by LibreOffice, which takes its seconds: one in ten, not one in three.
FILES = strategies.one_of(
    strategies.sampled_from(_QUICK),
    strategies.sampled_from(_QUICK),
    strategies.sampled_from([*_QUICK, *_QUICK, *_QUICK, *_QUICK, WORD, SHEET]),
    damaged(),
    damaged(),
    strategies.sampled_from(_REFUSED),
    strategies.binary(max_size=2000),
)
