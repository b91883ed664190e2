"""What is wrong with an input is said for each field, in words that need no knowledge of our tools."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI, Query
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError

from qsignhub.api import errors
from qsignhub.api.context import RequestId
from qsignhub.api.v1.schemas import SignatureRequestIn
from qsignhub.api.wording import field_of, sentence_of

SIGNER = {"name": "Anna", "email": "anna@example.com"}


def complaints(**fields: Any) -> dict[str, str]:
    body = {"document_id": "doc_1", "signers": [SIGNER], **fields}
    try:
        SignatureRequestIn.model_validate(body)
    except ValidationError as exc:
        return {field_of(problem): sentence_of(problem) for problem in exc.errors()}
    return {}


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"signers": []}, "signers", "must have at least 1 signer"),
        ({"signers": [SIGNER] * 21}, "signers", "must have at most 20 signers"),
        ({"signers": {}}, "signers", "must be an array"),
        ({"signers": ["Anna"]}, "signers.0", "must be an object"),
        ({"signers": [{"name": "Anna"}]}, "signers.0.email", "is required"),
        ({"signers": [SIGNER | {"email": "anna"}]}, "signers.0.email", "must be an e-mail address"),
        ({"signers": [SIGNER | {"name": " "}]}, "signers.0.name", "must not be empty"),
        ({"signers": [SIGNER | {"name": "\u202eAnna"}]}, "signers.0.name", "control characters"),
        ({"signers": [SIGNER | {"phone": "123"}]}, "signers.0.phone", "E.164"),
        ({"signers": [SIGNER | {"order": 2**63}]}, "signers.0.order", "must be at most 1000"),
        ({"signers": [SIGNER | {"order": "1"}]}, "signers.0.order", "must be a whole number"),
        ({"signature_type": "xes"}, "signature_type", "must be 'qes', 'aes' or 'ses'"),
        ({"expires_at": "tomorrow"}, "expires_at", "must be a date and time with a time zone"),
        ({"expires_at": "2025-03-01T23:59:59"}, "expires_at", "must have a time zone"),
        ({"redirect_url": "ftp://example.com"}, "redirect_url", "must be an http or https URL"),
        ({"redirect_url": "here"}, "redirect_url", "must be an http or https URL"),
        ({"colour": "green"}, "colour", "is not a field that is known here"),
        ({"metadata": []}, "metadata", "must be an object"),
    ],
)
def test_case_7_a_wrong_field_is_named(fields: dict[str, Any], field: str, sentence: str) -> None:
    found = complaints(**fields)
    assert list(found) == [field]
    assert sentence in found[field]


async def test_the_answer_lists_everything_that_is_wrong_also_in_the_query() -> None:
    app = FastAPI()
    app.state.docs_url = "https://docs.example"
    errors.install(app)
    app.add_middleware(RequestId)

    @app.get("/things/{number}")
    async def things(number: int, limit: int = Query(ge=1, le=100)) -> None: ...

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/things/one?limit=101")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_FAILED"
    assert error["docs_url"] == "https://docs.example/errors/VALIDATION_FAILED"
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert error["fields"] == [
        {"field": "number", "code": "VALIDATION_FAILED", "message": "must be a whole number"},
        {"field": "limit", "code": "VALIDATION_FAILED", "message": "must be at most 100"},
    ]
    assert error["message"] == "number: must be a whole number (and 1 more)"
