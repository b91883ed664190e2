"""JSON bodies, read with care: bounded, no duplicate keys, no depth without end, valid text only."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel

from qsignhub.foundation.errors import Malformed, TooLarge

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 32
_TOO_DEEP = f"it is nested deeper than {_MAX_DEPTH} levels"
_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")
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
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=_finite_float,
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


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:80]!r} stands twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is beyond all numbers that are kept")
    return number


def _check(value: Any) -> None:
    """Level by level: not too deep, and no NUL or lone surrogate, for no database and no PDF holds them.

    What is deeper than the interpreter's stack has been refused by the parser.
    """
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        nested = False
        for item in level:
            if isinstance(item, str):
                if _BAD_CHARACTER.search(item):
                    raise ValueError("it has text with a NUL character or a lone surrogate")
            elif isinstance(item, list):
                nested = True
                below += item
            elif isinstance(item, dict):
                nested = True
                below += item
                below += item.values()
        depth += nested
        if depth > _MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        level = below
