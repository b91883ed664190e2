"""Our own checks find what they are there for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.fuzz.checks import (
    every_answer_names_its_request_and_counts_it,
    every_error_is_in_the_envelope_and_in_the_catalogue,
    what_is_specified_is_understood,
)

HEADERS = {
    "content-type": ["application/json"],
    "x-request-id": ["req_1"],
    **{f"x-ratelimit-{name}": ["1"] for name in ("limit", "remaining", "reset", "tier")},
}
VALID = SimpleNamespace(
    meta=SimpleNamespace(generation=SimpleNamespace(mode=SimpleNamespace(is_positive=True))),
    operation=SimpleNamespace(method="get"),
)


def answer(
    status: int, code: str = "", *, request_id: str = "req_1", field: str = "", **headers: list[str]
) -> Any:
    content = (
        f'{{"error": {{"code": "{code}", "message": "m", "docs_url": "/errors/{code}", "field": "{field}", '
    )
    return SimpleNamespace(
        status_code=status,
        content=(content + f'"request_id": "{request_id}"}}}}').encode(),
        headers=HEADERS | {name.replace("_", "-"): value for name, value in headers.items()},
        request=SimpleNamespace(method="GET", body=None),
    )


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (every_answer_names_its_request_and_counts_it, answer(200, x_request_id=[])),
        (every_answer_names_its_request_and_counts_it, answer(200, x_ratelimit_tier=["a", "b"])),
        (every_error_is_in_the_envelope_and_in_the_catalogue, answer(404, content_type=["text/plain"])),
        (every_error_is_in_the_envelope_and_in_the_catalogue, answer(404, "NO_SUCH_CODE")),
        (every_error_is_in_the_envelope_and_in_the_catalogue, answer(400, "NOT_FOUND")),
        (every_error_is_in_the_envelope_and_in_the_catalogue, answer(404, "NOT_FOUND", request_id="req_2")),
        (what_is_specified_is_understood, answer(422, "VALIDATION_FAILED")),
        (what_is_specified_is_understood, answer(400, "MALFORMED_JSON")),
        (what_is_specified_is_understood, answer(422, "NUMBER_OUT_OF_RANGE", field="signers.0.order")),
        (what_is_specified_is_understood, answer(404, "NOT_FOUND")),
    ],
)
def test_what_is_wrong_is_found(check: Any, wrong: Any) -> None:
    with pytest.raises(AssertionError):
        check(None, wrong, VALID)


def test_what_is_right_passes() -> None:
    for right in (answer(200), answer(404, "DOCUMENT_NOT_FOUND"), answer(400, "INVALID_CURSOR")):
        every_answer_names_its_request_and_counts_it(None, right, VALID)
        every_error_is_in_the_envelope_and_in_the_catalogue(None, right, VALID)
        what_is_specified_is_understood(None, right, VALID)
