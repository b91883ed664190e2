"""The OpenAPI specification as people read it: operations with what they take and give, and schemas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from qsignhub.docs.schema_words import Described, described

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    place: str
    """Of a parameter: path, query or header."""
    required: bool
    kind: Described
    description: str


@dataclass(frozen=True, slots=True)
class Body:
    media_types: tuple[str, ...]
    kind: Described
    fields: tuple[Field, ...]
    examples: tuple[tuple[str, str], ...]
    """Name and JSON text."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    code: str
    """Of an error: a code with which it may come; else empty."""


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: Body | None
    success: Answer
    gives: Body | None
    errors: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    description: str
    groups: tuple[Group, ...]
    schemas: tuple[Schema, ...]


def reference(specification: Json) -> Reference:
    """Reads the part of OpenAPI 3.1 that our specification uses."""
    by_tag: dict[str, list[Operation]] = {}
    for path, item in specification["paths"].items():
        for method, operation in item.items():
            tag = (operation.get("tags") or ["Others"])[0]
            by_tag.setdefault(tag, []).append(_operation(specification, method, path, operation))
    told = {tag["name"]: tag["description"] for tag in specification.get("tags", ())}
    order = [name for name in told if name in by_tag] + [name for name in by_tag if name not in told]
    return Reference(
        specification["info"]["description"],
        tuple(Group(name, told.get(name, ""), tuple(by_tag[name])) for name in order),
        tuple(
            Schema(name, schema.get("description", ""), _fields(schema))
            for name, schema in specification["components"]["schemas"].items()
            if "properties" in schema
        ),
    )


def _operation(specification: Json, method: str, path: str, operation: Json) -> Operation:
    answers = {status: _resolved(specification, each) for status, each in operation["responses"].items()}
    success = next(status for status in answers if status.startswith("2"))
    return Operation(
        operation.get("operationId", f"{method}-{path}"),
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        tuple(_parameter(each) for each in operation.get("parameters", ())),
        _body(specification, operation.get("requestBody", {})),
        Answer(success, answers[success]["description"], ""),
        _body(specification, answers[success]),
        tuple(
            Answer(status, answer["description"], _code(answer))
            for status, answer in answers.items()
            if not status.startswith("2")
        ),
    )


def _parameter(parameter: Json) -> Field:
    return Field(
        parameter["name"],
        parameter["in"],
        parameter.get("required", False),
        described(parameter["schema"]),
        parameter.get("description") or parameter["schema"].get("description", ""),
    )


def _body(specification: Json, carrier: Json) -> Body | None:
    content: Json = carrier.get("content", {})
    if not content:
        return None
    first = next(iter(content.values()))
    schema = _resolved(specification, first["schema"])
    return Body(
        tuple(content),
        described(first["schema"]),
        _fields(schema),
        tuple((name, _text(each["value"])) for name, each in first.get("examples", {}).items()),
    )


def _fields(schema: Json) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        Field(name, "", name in required, described(each), each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    )


def _code(answer: Json) -> str:
    example = answer.get("content", {}).get("application/json", {}).get("example", {})
    return str(example.get("error", {}).get("code", ""))


def _resolved(specification: Json, value: Json) -> Json:
    """The thing itself where ``value`` refers to it. Our specification refers to its components only."""
    if "$ref" not in value:
        return value
    found: Any = specification
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
