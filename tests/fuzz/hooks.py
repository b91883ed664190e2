"""What Schemathesis cannot guess from the specification: which bytes are a document."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from hypothesis import strategies

from tests.pdfs import encrypted_pdf, one_page_pdf, pages_pdf

_DOCUMENTS = [one_page_pdf(), pages_pdf(3), encrypted_pdf(), one_page_pdf()[:-200], b"%PDF-1.7\n"]
_IDEMPOTENCY_KEY = re.compile("[ -~]{1,255}")

schemathesis.openapi.format(
    "binary", strategies.one_of(strategies.sampled_from(_DOCUMENTS), strategies.binary(max_size=2000))
)


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Unacceptable idempotency keys are left out as long as the service does not look at keys."""
    key = (case.headers or {}).get("X-Idempotency-Key")
    return key is None or (isinstance(key, str) and _IDEMPOTENCY_KEY.fullmatch(key) is not None)
