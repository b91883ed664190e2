"""The values that bodies are made of: names, addresses, moments, places on a page."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

MAX_METADATA_BYTES = 16 * 1024
_BREAKS = {"Cc", "Zl", "Zp"}
"""Unicode categories: control characters, and what separates lines and paragraphs."""
_BIDI_CONTROLS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


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
    if _BIDI_CONTROLS.search(stripped) or any(unicodedata.category(c) in _BREAKS for c in stripped):
        raise ValueError("must not contain control characters")
    return stripped


def _harmless(text: str) -> str:
    """Text of several lines, without what turns the writing direction or is no text."""
    if _BIDI_CONTROLS.search(text) or any(
        unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in text
    ):
        raise ValueError("must not contain control characters")
    return text


def _visible(text: str) -> str:
    """An address that is what it looks like: nothing in it that cannot be seen."""
    if any(unicodedata.category(c) in _BREAKS | {"Cf", "Zs"} for c in text):
        raise ValueError("must not contain white space or invisible characters")
    return text


def _of_bounded_size(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > MAX_METADATA_BYTES:
        raise ValueError(f"must have at most {MAX_METADATA_BYTES} bytes as JSON")
    return metadata


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must have a time zone, e.g. 2025-03-01T23:59:59Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _http_url(text: str) -> str:
    AnyHttpUrl(text)
    return text


Email = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^\s@<>\"(),:;\\\[\]\x00-\x20\x7f]+@[^\s@.]+(\.[^\s@.]+)+$"),
    AfterValidator(_visible),
]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain_text)]
Words = Annotated[str, AfterValidator(_harmless)]
Metadata = Annotated[dict[str, Any], AfterValidator(_of_bounded_size)]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Locale = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Url = Annotated[
    str,
    Field(max_length=2000, json_schema_extra={"format": "uri", "pattern": "^https?://"}),
    AfterValidator(_visible),
    AfterValidator(_http_url),
]
Points = Annotated[float, Field(ge=0, le=14400, allow_inf_nan=False)]

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Link = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]
Absent = SkipJsonSchema[None]
"""``X | Absent = None`` in an answer: the field is left out as long as there is nothing to say."""
