"""Forms as browsers send them, urlencoded, read with a limit."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from qsignhub.pages.errors import FormMalformed, FormTooLarge

MAX_BYTES = 16 * 1024
_MAX_FIELDS = 16
_URLENCODED = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of a field sent twice the last. Raises FormTooLarge, FormMalformed."""
    content_type = request.headers.get("content-type", _URLENCODED)
    if content_type.partition(";")[0].strip().lower() != _URLENCODED:
        raise FormMalformed(f"Send the form as {_URLENCODED}.")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise FormTooLarge(f"The form exceeds {MAX_BYTES} bytes.")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError as exc:
        raise FormMalformed("The form cannot be read.") from exc
    return dict(pairs)
