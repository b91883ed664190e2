"""The specification: whole, of valid form, with the contract's examples, and true of real answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Query
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel

from qsignhub.api.__main__ import specification
from qsignhub.api.openapi.document import specification as specification_of
from qsignhub.api.openapi.operations import OPERATIONS, Operation
from qsignhub.docs.reference import reference
from tests.support.live import LiveService
from tests.support.making import SUCCESS

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
SPECIFICATION: dict[str, Any] = json.loads(specification())
PRESENT = [
    (method, path, operation)
    for path, item in SPECIFICATION["paths"].items()
    for method, operation in item.items()
]


def validator(reference: str) -> Draft202012Validator:
    """OpenAPI 3.1 speaks JSON Schema 2020-12; ``date-time`` and the like are checked too."""
    whole = {"$ref": reference, "components": SPECIFICATION["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for below in value.values():
            yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def test_the_committed_file_is_what_the_service_says() -> None:
    assert COMMITTED.read_text() == specification(), "make openapi writes it anew"


def test_every_reference_leads_somewhere() -> None:
    for each in set(references(SPECIFICATION)):
        found: Any = SPECIFICATION
        for part in each.removeprefix("#/").split("/"):
            found = found[part]


def test_every_route_is_described() -> None:
    unknown = {(method, path) for method, path, _ in PRESENT} - OPERATIONS.keys()
    assert not unknown, f"Add to src/qsignhub/api/openapi/operations.py: {unknown}"
    for method, path, operation in PRESENT:
        assert operation["summary"], (method, path)


def test_every_operation_has_its_errors_headers_and_key() -> None:
    assert SPECIFICATION["security"] == [{"ApiKey": []}]
    for method, path, operation in PRESENT:
        assert {"401", "403", "429", "500", "503"} <= operation["responses"].keys()
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert ("X-Idempotency-Key" in names) == (method == "post"), path
        assert "X-API-Key" not in names
        succeeded = next(
            answer for status, answer in operation["responses"].items() if status.startswith("2")
        )
        assert {"X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Reset"} <= succeeded["headers"].keys()
    for name, answer in SPECIFICATION["components"]["responses"].items():
        schema = answer["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, name
        validator("#/components/schemas/ErrorAnswer").validate(
            answer["content"]["application/json"]["example"]
        )


@pytest.mark.parametrize("described", OPERATIONS.values(), ids=lambda described: described.id)
def test_examples_are_what_their_models_take_and_give(described: Operation) -> None:
    """All operations of the contract, whether or not their routes are there yet."""
    for sent in described.sent.values():
        assert described.takes is not None
        described.takes.model_validate(sent)
    for given in described.given.values():
        assert isinstance(described.gives, type)
        model: type[BaseModel] = described.gives
        assert model.model_validate(given).model_dump(exclude_unset=True) == given


def test_examples_in_the_specification_fit_its_schemas() -> None:
    checked = 0
    for _, _, operation in PRESENT:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            for example in content.get("examples", {}).values():
                validator(content["schema"]["$ref"]).validate(example["value"])
                checked += 1
    assert checked >= 5


def test_real_answers_fit_the_schemas(live_service: LiveService) -> None:
    document = live_service.upload()
    validator("#/components/schemas/Document").validate(document)
    request = live_service.request(SUCCESS, document_id=document["id"])
    validator("#/components/schemas/SignatureRequest").validate(request)
    completed = live_service.wait_for(request["id"])
    validator("#/components/schemas/SignatureRequest").validate(completed)
    report = live_service.validate(live_service.download(request["id"]))
    assert report["valid"] is True
    validator("#/components/schemas/ValidationReport").validate(report)
    served = live_service.client.get("/v1/openapi.json").json()
    assert served == SPECIFICATION


def test_a_schema_refuses_what_is_not_its_own() -> None:
    """Proof that the checks above can fail."""
    assert not validator("#/components/schemas/Document").is_valid({"id": 1})
    assert not validator("#/components/schemas/SignatureRequestIn").is_valid(
        {"document_id": "doc_1", "signers": []}
    )


def whole_contract() -> dict[str, Any]:
    """The specification that comes out when every operation of the contract has its route."""
    app = FastAPI(title="QSignHub", version="1")

    async def answer(request_id: str = "", signer_id: str = "", limit: int = Query(20, ge=1, le=100)) -> None:
        """Stands for a route, with path and query parameters."""

    for method, path in OPERATIONS:
        app.add_api_route(
            path, answer, methods=[method.upper()], summary="Stands for a route", tags=["Signers"]
        )
    return specification_of(app)


def test_the_whole_contract_can_be_described() -> None:
    made = whole_contract()
    assert {operation["operationId"] for item in made["paths"].values() for operation in item.values()} == {
        described.id for described in OPERATIONS.values()
    }
    for found in references(made):
        assert found.split("/")[-1] in made["components"][found.split("/")[-2]], found
    links = made["paths"]["/v1/signature-requests"]["post"]["responses"]["201"]["links"]
    assert {
        "getSignatureRequest",
        "cancelSignatureRequest",
        "downloadSignedDocument",
        "addSigner",
    } <= links.keys()
    listed = made["paths"]["/v1/signature-requests"]["get"]
    assert {"400", "422"} <= listed["responses"].keys()
    cancelled = made["paths"]["/v1/signature-requests/{request_id}"]["delete"]
    assert cancelled["requestBody"]["required"] is False
    assert {"404", "409"} <= cancelled["responses"].keys()


def test_the_reference_for_people_is_made_of_the_whole_contract() -> None:
    made = whole_contract()
    read = reference(made)
    assert {operation.id for group in read.groups for operation in group.operations} == {
        described.id for described in OPERATIONS.values()
    }
    assert {schema.name for schema in read.schemas} <= made["components"]["schemas"].keys()
    create = next(
        operation
        for group in read.groups
        for operation in group.operations
        if operation.id == "createSignatureRequest"
    )
    assert create.body is not None
    signers = next(row for row in create.body.fields if row.name == "signers")
    assert (signers.kind.before, signers.kind.schema, signers.kind.limits, signers.required) == (
        "array of ",
        "SignerIn",
        ("1 to 20 items",),
        True,
    )
