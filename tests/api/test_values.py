"""What bodies are made of: each value as the specification has it, no more and no less."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import ValidationError

from qsignhub.api.__main__ import specification
from qsignhub.api.v1.schemas import ClockAdvance, SignatureRequestIn

COMPONENTS = json.loads(specification())["components"]
WHOLE: dict[str, Any] = {
    "document_id": "doc_9Xk3mN7pQr2vT8wL",
    "signers": [{"name": "Anna", "email": "anna@example.com"}],
}


def taken(model: type[Any], body: dict[str, Any]) -> bool:
    try:
        model.model_validate(body)
    except ValidationError:
        return False
    return True


def specified(name: str, body: dict[str, Any]) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": COMPONENTS}
    return bool(Draft202012Validator(schema, validate_formats=True).is_valid(body))


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("expires_at", "2025-03-01T23:59:59Z", True),
        ("expires_at", "2025-03-01T23:59:59.123456+02:00", True),
        ("expires_at", 1735689600, False),
        ("expires_at", "1735689600", False),
        ("expires_at", "2025-03-01", False),
        ("expires_at", "2025-03-01T23:59:59", False),
        ("redirect_url", "https://example.com/a?b=c#d", True),
        ("redirect_url", "https://example.com/\nX: 1", False),
        ("redirect_url", "https://example.com/\u2028", False),
        ("redirect_url", "javascript:alert(1)", False),
    ],
)
def test_request_and_specification_agree(name: str, value: object, good: bool) -> None:
    body = {**WHOLE, name: value}
    assert (taken(SignatureRequestIn, body), specified("SignatureRequestIn", body)) == (good, good)


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("name", "Zażółć Gęślą-Jaźń", True),
        ("name", "\u00a0\u2003", False),
        ("name", "Anna\u202eB", False),
        ("name", "Anna\n", False),
        ("email", "anna.kowalska+1@mail.example.com", True),
        ("email", "anna@example", False),
        ("email", "anna@exam\u0085ple.com", False),
        ("email", "anna@example.com>", False),
        ("email", "anna\u202e@example.com", False),
        ("order", 2.0, True),
        ("order", 2.5, False),
        ("order", "2", False),
        ("order", True, False),
        ("order", 1001, False),
        ("order", 1e300, False),
    ],
)
def test_signer_and_specification_agree(name: str, value: object, good: bool) -> None:
    body = {**WHOLE, "signers": [{**WHOLE["signers"][0], name: value}]}
    assert (taken(SignatureRequestIn, body), specified("SignatureRequestIn", body)) == (good, good)


@pytest.mark.parametrize(("seconds", "good"), [(1, True), (481.0, True), (0, False), (31_536_001, False)])
def test_seconds_and_specification_agree(seconds: object, good: bool) -> None:
    body = {"seconds": seconds}
    assert (taken(ClockAdvance, body), specified("ClockAdvance", body)) == (good, good)


def test_whole_numbers_are_kept_as_such() -> None:
    assert type(ClockAdvance(seconds=481.0).seconds) is int  # type: ignore[arg-type]
