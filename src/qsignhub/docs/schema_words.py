"""A JSON Schema in a few words: "array of Signer, 1 to 20 items"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_BOUNDS = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minimum", "maximum", ""),
)


@dataclass(frozen=True, slots=True)
class Described:
    """``before`` and ``after`` stand around ``schema``, the name of a schema of the specification."""

    before: str
    schema: str
    after: str
    limits: tuple[str, ...]


def described(schema: Json) -> Described:
    if "$ref" in schema:
        return Described("", schema["$ref"].rsplit("/", 1)[-1], "", ())
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _one_of(schema, schema[choice])
    limits = _limits(schema)
    if schema.get("type") == "array" and "items" in schema:
        inner = described(schema["items"])
        return Described(f"array of {inner.before}", inner.schema, inner.after, (*limits, *inner.limits))
    return Described(_plain(schema), "", "", limits)


def _one_of(schema: Json, choices: list[Json]) -> Described:
    others = [each for each in choices if each.get("type") != "null"]
    nullable = " or null" if len(others) < len(choices) else ""
    if len(others) == 1:
        inner = described(others[0])
        return Described(
            inner.before, inner.schema, inner.after + nullable, (*inner.limits, *_limits(schema))
        )
    return Described(" or ".join(_plain(each) for each in others) + nullable, "", "", _limits(schema))


def _plain(schema: Json) -> str:
    kind = schema.get("type", "any value")
    names = {"date-time": "date and time", "date": "date", "uri": "URL", "binary": "file"}
    return names.get(schema.get("format", ""), str(kind))


def _limits(schema: Json) -> tuple[str, ...]:
    found = []
    if "enum" in schema:
        found.append("one of " + ", ".join(str(value) for value in schema["enum"]))
    if "const" in schema:
        found.append(f"always {schema['const']}")
    for least, most, unit in _BOUNDS:
        found += _bound(schema.get(least), schema.get(most), unit)
    if "exclusiveMinimum" in schema:
        found.append(f"more than {schema['exclusiveMinimum']:g}")
    if "exclusiveMaximum" in schema:
        found.append(f"less than {schema['exclusiveMaximum']:g}")
    if schema.get("default") not in (None, "", [], {}):
        found.append(f"default {schema['default']}")
    return tuple(found)


def _bound(least: float | None, most: float | None, unit: str) -> list[str]:
    if least is not None and most is not None:
        words = f"{least:,g} to {most:,.0f}" if isinstance(most, int) else f"{least:g} to {most:g}"
    elif most is not None:
        words = f"up to {most:,}"
    elif least:
        words = f"at least {least:,}"
    else:
        return []
    return [f"{words} {unit}".rstrip()]
