"""Puts the specification together. It is made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from qsignhub.api.openapi.answers import (
    HEADERS,
    IDEMPOTENCY_KEY,
    Json,
    error_answers,
    error_components,
    headers,
)
from qsignhub.api.openapi.operations import OPERATIONS, Key, Operation
from qsignhub.api.v1.schemas import ErrorAnswer

_DESCRIPTION = """Upload a document, name the signers, have their identity checked, sign, and hand out a file
that any validator in Europe can check. Keys that begin with `qsh_test_` work in the sandbox, apart from
everything live."""
_TAGS = {
    "Documents": "What is to be signed.",
    "Signature requests": "Who is asked to sign it, and how far they are.",
    "Signers": "One signer: adding, identity, reminders.",
    "Certificates": "What was issued for your signers: status, revocation.",
    "Validation": "Whether a signed document holds.",
    "Identity providers": "Where signers can identify themselves.",
    "Sandbox": "What only test keys see.",
}
_METHODS = {"get", "post", "put", "patch", "delete"}


def install(app: FastAPI) -> None:
    """``app.openapi()`` gives the whole specification from now on."""

    def made_once() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = specification(app)
        return app.openapi_schema

    app.openapi = made_once  # type: ignore[method-assign]


def specification(app: FastAPI) -> Json:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=_DESCRIPTION,
        routes=app.routes,
        servers=[{"url": "/"}],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    paths: dict[str, Json] = made["paths"]
    used: set[str] = set()
    present = {OPERATIONS[key].id for key in _keys(paths) if key in OPERATIONS}
    for key in _keys(paths):
        operation = paths[key[1]][key[0]]
        _complete(operation, key, OPERATIONS.get(key), present)
        used |= set(operation.get("tags", ()))
    made["components"] = {
        "securitySchemes": {
            "ApiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "qsh_live_… or qsh_test_….",
            }
        },
        "headers": HEADERS,
        "responses": error_components(),
        "schemas": _schemas(present),
    }
    made["security"] = [{"ApiKey": []}]
    made["tags"] = [
        {"name": name, "description": description} for name, description in _TAGS.items() if name in used
    ]
    return made


def _keys(paths: dict[str, Json]) -> list[Key]:
    return [(method, path) for path, item in paths.items() for method in item if method in _METHODS]


def _complete(operation: Json, key: Key, described: Operation | None, present: set[str]) -> None:
    parameters = [each for each in operation.get("parameters", []) if each["name"] != "X-API-Key"]
    has_query = any(each["in"] == "query" for each in parameters)
    if key[0] == "post":
        parameters = [each for each in parameters if each["name"] != IDEMPOTENCY_KEY["name"]]
        parameters.append(IDEMPOTENCY_KEY)
    operation["parameters"] = parameters
    if "description" in operation:
        operation["description"] = operation["description"].replace("``", "`")  # docstrings are not Markdown
    succeeded = {
        status: answer for status, answer in operation["responses"].items() if status.startswith("2")
    }
    if described is not None:
        operation["operationId"] = described.id
        if described.takes is not None:
            operation["requestBody"] = _request_body(described, described.takes)
        succeeded = {str(described.status): _success(key, described, present)}
        for status, model in described.also.items():
            succeeded[str(status)] = {
                "description": "Done.",
                "headers": headers("Idempotent-Replayed"),
                "content": {"application/json": {"schema": _reference(model)}},
            }
    operation["responses"] = succeeded | error_answers(key, described, has_query=has_query)


def _request_body(described: Operation, takes: type[BaseModel]) -> Json:
    content: Json = {"schema": _reference(takes)}
    if described.sent:
        content["examples"] = _examples(described.sent)
    media_type = "multipart/form-data" if described.takes_form else "application/json"
    return {"required": described.body_required, "content": {media_type: content}}


def _success(key: Key, described: Operation, present: set[str]) -> Json:
    answer: Json = {"description": "Created." if described.status == 201 else "Done."}
    answer["headers"] = headers(*(("Idempotent-Replayed",) if key[0] == "post" else ()))
    if described.gives is None:
        answer["description"] = "Done; the answer has no body."
        return answer
    if isinstance(described.gives, tuple):
        file = {"schema": {"type": "string", "format": "binary"}}
        answer["content"] = dict.fromkeys(described.gives, file)
        return answer
    content: Json = {"schema": _reference(described.gives)}
    if described.given:
        content["examples"] = _examples(described.given)
    answer["content"] = {"application/json": content}
    links = {name: handed for name, handed in described.leads_to.items() if name in present}
    if links:
        answer["links"] = {name: _link(name, handed) for name, handed in links.items()}
    return answer


def _link(operation_id: str, handed: Mapping[str, str]) -> Json:
    made: Json = {"operationId": operation_id}
    for name, expression in handed.items():
        place, _, plain = name.rpartition(":")
        made.setdefault("requestBody" if place else "parameters", {})[plain] = expression
    return made


def _examples(bodies: Any) -> Json:
    return {name: {"value": body} for name, body in bodies.items()}


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


class _Schemas(GenerateJsonSchema):
    """Without what tells nothing: titles made of the fields' names, and a default that is "not there"."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", "") is None:
            del made["default"]
        return made


def _schemas(present: set[str]) -> Json:
    """The models of the operations that are there, and all that they are made of."""
    wanted: dict[str, type[BaseModel]] = {ErrorAnswer.__name__: ErrorAnswer}
    for described in OPERATIONS.values():
        if described.id in present:
            for model in (described.takes, described.gives, *described.also.values()):
                if isinstance(model, type):
                    wanted[model.__name__] = model
    _, made = models_json_schema(
        [(model, "validation") for model in wanted.values()],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Schemas,
    )
    return cast("Json", dict(sorted(made["$defs"].items())))
