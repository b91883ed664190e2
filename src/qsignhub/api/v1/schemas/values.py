"""The values that bodies are made of: names, addresses, moments, places on a page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema

from qsignhub.api.v1.schemas.country_codes import COUNTRY_CODES

MAX_METADATA_BYTES = 16 * 1024
# Ranges for character classes, without \s: what that is, each dialect of regular expressions knows by itself.
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SPACES = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_UNSEEN = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}"
_HIDDEN = r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u206f\ufeff"
_UNSEEN_BUT_LINES = rf"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}"
_PLAIN_TEXT = rf"^[^{_UNSEEN}]*[^{_SPACES}{_UNSEEN}][^{_UNSEEN}]*$"
_LINES = rf"^[^{_UNSEEN_BUT_LINES}]*$"
_ADDRESS = rf"[^{_SPACES}{_UNSEEN}{_HIDDEN}@<>\"(),:;\\\[\]]"
_LABEL = _ADDRESS.replace("@", "@.")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


class Taken(BaseModel):
    """A body, or a part of one, that a client sends."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """A body, or a part of one, that a client gets."""

    model_config = ConfigDict(extra="allow")


def _plain_text(text: str) -> str:
    """A name that reads as it is: no control characters, no change of the writing direction."""
    stripped = text.strip()
    if not stripped:
        raise ValueError("must not be empty")
    if not re.fullmatch(_PLAIN_TEXT, text):
        raise ValueError("must not contain control characters")
    return stripped


def _harmless(text: str) -> str:
    """Text of several lines, without what turns the writing direction or is no text."""
    if not re.fullmatch(_LINES, text):
        raise ValueError("must not contain control characters")
    return text


def _of_bounded_size(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_METADATA_BYTES:
        raise ValueError(f"must have at most {MAX_METADATA_BYTES} bytes as JSON")
    return metadata


def _assigned(code: str) -> str:
    if code not in COUNTRY_CODES:
        raise ValueError("must be an ISO 3166-1 alpha-2 country code, e.g. PL")
    return code


def _written_out(moment: Any) -> Any:
    """Nothing but RFC 3339 (§5.6): no seconds of the epoch, and no day without a time."""
    if not isinstance(moment, str) or not _DATE_TIME.fullmatch(moment):
        raise ValueError("must be a date and time with a time zone, e.g. 2025-03-01T23:59:59Z")
    return moment


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must have a time zone, e.g. 2025-03-01T23:59:59Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _as_whole_number(number: Any) -> Any:
    """2.0 is an integer to JSON Schema (2020-12, validation §6.1.1), and so it is here; "2" is none."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _http_url(text: str) -> str:
    AnyHttpUrl(text)
    return text


Email = Annotated[str, Field(max_length=254, pattern=rf"^{_ADDRESS}+@{_LABEL}+(\.{_LABEL}+)+$")]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": _PLAIN_TEXT}),
    AfterValidator(_plain_text),
]
Words = Annotated[str, Field(json_schema_extra={"pattern": _LINES}), AfterValidator(_harmless)]
Metadata = Annotated[dict[str, Any], AfterValidator(_of_bounded_size)]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Country = Annotated[
    str,
    Field(pattern="^[A-Z]{2}$", json_schema_extra={"enum": sorted(COUNTRY_CODES)}),
    AfterValidator(_assigned),
]
Locale = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Moment = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_utc)]
Url = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=rf"^https?://[^{_SPACES}{_UNSEEN}{_HIDDEN}]+$",
        json_schema_extra={"format": "uri"},
    ),
    AfterValidator(_http_url),
]
WholeNumber = BeforeValidator(_as_whole_number)
"""After the bounds: ``Annotated[StrictInt, Field(ge=1), WholeNumber]``."""
Points = Annotated[float, Field(ge=0, le=14400, allow_inf_nan=False)]

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Link = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]
DOCUMENT_ID = "^doc_[0-9A-Za-z]{16}$"
REQUEST_ID = "^sreq_[0-9A-Za-z]{16}$"
SIGNER_ID = "^sgn_[0-9A-Za-z]{12}$"

# What has another form is the id of nothing: as the name of a thing it is answered with 404, not with 422.
DocumentId = Annotated[str, WithJsonSchema({"type": "string", "pattern": DOCUMENT_ID})]
RequestId = Annotated[str, WithJsonSchema({"type": "string", "pattern": REQUEST_ID})]
SignerId = Annotated[str, WithJsonSchema({"type": "string", "pattern": SIGNER_ID})]

Absent = SkipJsonSchema[None]
"""``X | Absent = None`` in an answer: the field is left out as long as there is nothing to say."""
