"""The document of the contract's upload example: four pages of A4 in exactly 248,320 bytes."""

from __future__ import annotations

from functools import cache

from tests.pdfs import pages_pdf

SIZE_BYTES = 248_320
PAGES = 4


@cache
def service_agreement() -> bytes:
    spare = SIZE_BYTES - len(pages_pdf(PAGES)) - 50  # longer pages need more digits to say where things are
    pdf = pages_pdf(PAGES, text="Service agreement " + "." * (spare // PAGES))
    return pdf + b"\n" * (SIZE_BYTES - len(pdf))
