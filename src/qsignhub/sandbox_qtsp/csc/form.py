"""Bodies of ``application/x-www-form-urlencoded`` (RFC 6749 clause 4.1.3)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from qsignhub.sandbox_qtsp.csc.errors import CscError


def read_form(request: Request, body: bytes) -> dict[str, str]:
    """A parameter that is repeated is refused (RFC 6749 clause 3.2)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise CscError("The Content-Type of a request is application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise CscError("The request is not a form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise CscError("A parameter is repeated")
    return form
