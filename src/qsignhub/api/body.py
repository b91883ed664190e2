"""JSON bodies, read with care: bounded, no duplicate keys, no depth without end, valid text only."""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeAlias, TypeVar

from fastapi import Request
from pydantic import BaseModel

from qsignhub.foundation.errors import Invalid, Malformed, TooLarge

MAX_BYTES = 256 * 1024
_MAX_DEPTH = 32
_MAX_VALUES = 10_000
"""Names count too. Metadata of 16 KiB cannot hold as many, and looking at each takes the loop's time."""
_TOO_DEEP = f"it is nested deeper than {_MAX_DEPTH} levels"
_JSON_SPACE = b" \t\r\n"  # RFC 8259 §2; a form feed, say, is none
_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
_Path: TypeAlias = "tuple[_Path, str | int] | None"
_Model = TypeVar("_Model", bound=BaseModel)


class MalformedJson(Malformed):
    code = "MALFORMED_JSON"


class NumberOutOfRange(Invalid):
    code = "NUMBER_OUT_OF_RANGE"


class BodyTooLarge(TooLarge):
    code = "BODY_TOO_LARGE"


async def read_json(request: Request, model: type[_Model]) -> _Model:
    """The body as ``model``. Raises MalformedJson, BodyTooLarge, pydantic's ValidationError."""
    return model.model_validate(parse(await _read(request)))


async def read_json_if_any(request: Request, model: type[_Model]) -> _Model:
    """The same where the body may be left out; then the model's defaults."""
    raw = await _read(request)
    return model.model_validate(parse(raw) if raw.strip(_JSON_SPACE) else {})


async def _read(request: Request) -> bytes:
    """What says beforehand that it is too long is refused before the first byte is taken."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > MAX_BYTES:
        raise _too_large()
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise _too_large()
    return bytes(raw)


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"The request body exceeds {MAX_BYTES} bytes.")


def parse(raw: bytes) -> Any:
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique_keys,
        )
        _check(value)
    except RecursionError:
        raise MalformedJson(f"The request body is not valid JSON: {_TOO_DEEP}.") from None
    except ValueError as exc:
        raise MalformedJson(f"The request body is not valid JSON: {_reason(exc)}.") from None
    return value


def _reason(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
    if isinstance(exc, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(exc) or type(exc).__name__


def _out_of_range(path: _Path, what: str) -> NumberOutOfRange:
    parts: list[str] = []
    while path is not None:
        path, name = path
        parts.append(str(name)[:80])
    field = ".".join(reversed(parts)) or "body"
    return NumberOutOfRange(f"{field}: {what}", field=field)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:80]!r} stands twice in one object")
        found[name] = value
    return found


def _check(value: Any) -> None:
    """Level by level: not too many values, not too deep, and none that is not kept as it is.

    What is deeper than the interpreter's stack has been refused by the parser.
    """
    level: list[tuple[_Path, Any]] = [(None, value)]
    depth = values = 0
    while level:
        below: list[tuple[_Path, Any]] = []
        nested = False
        for path, item in level:
            if isinstance(item, list):
                nested = True
                values += len(item)
            elif isinstance(item, dict):
                nested = True
                values += 2 * len(item)
            else:
                _check_plain(path, item)
                continue
            if values > _MAX_VALUES:
                raise ValueError(f"it has more than {_MAX_VALUES:,} values")
            if isinstance(item, dict):
                below += [(path, name) for name in item]
            entries = item.items() if isinstance(item, dict) else enumerate(item)
            below += [((path, name), entry) for name, entry in entries]
        depth += nested
        if depth > _MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        level = below


def _check_plain(path: _Path, item: Any) -> None:
    """No NUL, lone surrogate or noncharacter, for no database, PDF or XML holds them; no number that
    would change.
    """
    if isinstance(item, str):
        if _BAD_CHARACTER.search(item):
            raise ValueError("it has text with a NUL character, a lone surrogate or a noncharacter")
    elif isinstance(item, float) and not math.isfinite(item):
        raise _out_of_range(path, "must be a finite number")
    elif isinstance(item, int) and not -(2**63) <= item < 2**63:
        raise _out_of_range(path, "must be less than 2 to the power of 63")
