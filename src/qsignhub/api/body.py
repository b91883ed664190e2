"""JSON bodies, read with care: bounded, no duplicate keys, no depth without end, valid text only."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel

from qsignhub.foundation.errors import Malformed, TooLarge

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 32
_Model = TypeVar("_Model", bound=BaseModel)


class MalformedJson(Malformed):
    code = "MALFORMED_JSON"


class BodyTooLarge(TooLarge):
    code = "BODY_TOO_LARGE"


async def read_json(request: Request, model: type[_Model]) -> _Model:
    """The body as ``model``. Raises MalformedJson, BodyTooLarge, pydantic's ValidationError."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise BodyTooLarge(f"The request body exceeds {MAX_BYTES} bytes.")
    return model.model_validate(parse(bytes(raw)))


def parse(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
        _check_depth(text)
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise MalformedJson(f"The request body is not valid JSON: {_reason(exc)}.") from None
    _check_text(value)
    return value


def _reason(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
    if isinstance(exc, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(exc) or type(exc).__name__


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _check_depth(text: str) -> None:
    """Before parsing: brackets outside of strings, counted."""
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def _check_text(value: Any) -> None:
    """No NUL and no lone surrogate anywhere: no database and no PDF can hold them."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str) and ("\x00" in item or (not item.isascii() and _has_surrogate(item))):
            raise MalformedJson("The request body has text with a NUL character or a lone surrogate.")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
