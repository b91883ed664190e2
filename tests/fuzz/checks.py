"""What holds for every answer of the API, beyond what Schemathesis checks by itself."""

from __future__ import annotations

import json
import re
from typing import Any

import schemathesis

from qsignhub.api.catalogue import entries

_COUNTED = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-tier")
_NOT_UNDERSTOOD = {"VALIDATION_FAILED", "NUMBER_OUT_OF_RANGE", "IDEMPOTENCY_KEY_INVALID"}
"""What a request gets that the specification forbids; one that it allows never does."""
_UNDERSTOOD_400 = {"INVALID_CURSOR"}
_NOT_AN_ANSWER_OF_ANY_ROUTE = {"NOT_FOUND", "METHOD_NOT_ALLOWED"}


@schemathesis.check
def every_answer_names_its_request_and_counts_it(context: Any, response: Any, case: Any) -> None:
    for name in ("x-request-id", *_COUNTED):
        values = response.headers.get(name, [])
        assert len(values) == 1, f"{name} stands {len(values)} times in the answer"


@schemathesis.check
def every_error_is_in_the_envelope_and_in_the_catalogue(context: Any, response: Any, case: Any) -> None:
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    error = error_of(response)
    entry = entries().get(error["code"])
    assert entry is not None, f"no page says what {error['code']} is"
    assert entry.status == response.status_code, f"{error['code']} is documented with {entry.status}"
    assert error["docs_url"].endswith(f"/errors/{error['code']}")
    assert error["message"].strip()
    if "idempotent-replayed" not in response.headers:
        assert [error["request_id"]] == response.headers["x-request-id"]


@schemathesis.check
def what_is_specified_is_understood(context: Any, response: Any, case: Any) -> None:
    """A valid request may be refused for what no schema can say, but never for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    if response.status_code in {405, 429} or response.request.method != case.operation.method.upper():
        return
    error = error_of(response)
    code = error["code"]
    # Metadata are any JSON to a schema; but no database keeps NUL, nor any language every number.
    if code == "MALFORMED_JSON" and "\\u0000" in _text_of(response.request.body):
        return
    if code == "NUMBER_OUT_OF_RANGE" and error["field"].startswith("metadata."):
        return
    assert code not in _NOT_UNDERSTOOD, f"the specification allows what is refused with {code}"
    assert response.status_code != 400 or code in _UNDERSTOOD_400, f"{code} for a valid request"
    assert code not in _NOT_AN_ANSWER_OF_ANY_ROUTE, f"{code} for a path of the specification"


def error_of(response: Any) -> dict[str, Any]:
    assert re.match("application/json", response.headers["content-type"][0]), "an error that is no JSON"
    error: dict[str, Any] = json.loads(response.content)["error"]
    return error


def _text_of(body: str | bytes | None) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else body or ""
