"""What every operation has in common: the error envelope by status, and the headers of answers."""

from __future__ import annotations

from typing import Any

from qsignhub.accounts.model import ANONYMOUS_TIER, PLANS
from qsignhub.api.openapi.operations import Key, Operation

Json = dict[str, Any]

_ERRORS: dict[int, tuple[str, str, str, str]] = {
    400: (
        "BadRequest",
        "The request cannot be read.",
        "MALFORMED_JSON",
        "The request body is not valid JSON: Expecting value at line 1, column 1.",
    ),
    401: (
        "Unauthorized",
        "There is no API key, or not one that is valid.",
        "API_KEY_INVALID",
        "The API key is not valid.",
    ),
    403: (
        "Forbidden",
        "The key is valid, but not for this.",
        "TEST_MODE_ONLY",
        "Only the test world's clock can be moved: use a test key.",
    ),
    404: (
        "NotFound",
        "There is no such thing, or it belongs to somebody else.",
        "SIGNATURE_REQUEST_NOT_FOUND",
        "There is no signature request sreq_7Yx4kP9nQ3mB2wR1.",
    ),
    409: (
        "Conflict",
        "The state of things does not allow it now.",
        "SIGNATURE_REQUEST_NOT_COMPLETED",
        "The signature request is pending; there is no signed document yet.",
    ),
    410: (
        "Gone",
        "It was there once; its bytes were removed.",
        "DOCUMENT_RETENTION_OVER",
        "The document was kept until 2025-04-15T10:30:00Z and is gone.",
    ),
    413: (
        "TooLarge",
        "More than is taken.",
        "DOCUMENT_TOO_LARGE",
        "File exceeds the 50 MB limit. Received: 62.3 MB.",
    ),
    422: (
        "Unprocessable",
        "Readable, but not acceptable; field and fields say what is wrong.",
        "VALIDATION_FAILED",
        "signers: must have at least 1 signer",
    ),
    429: (
        "RateLimited",
        "Too many requests in this minute.",
        "RATE_LIMITED",
        "More than 1000 requests in this minute. Try again in 17 seconds.",
    ),
    500: (
        "InternalError",
        "An error of ours. A repetition may help; with an idempotency key it is safe.",
        "INTERNAL_ERROR",
        "Something went wrong on our side. Contact support with the request id.",
    ),
    503: (
        "Unavailable",
        "A part of the service does not answer. Nothing was done; try again.",
        "DATABASE_UNAVAILABLE",
        "The database does not answer.",
    ),
}

HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "description": "Names this request; give it when you ask for support.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_[0-9A-Za-z]{16}$"},
    },
    "X-RateLimit-Limit": {
        "description": "Requests that the plan allows in a minute.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Remaining": {
        "description": "How many are left in this minute.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "When the minute ends: seconds of the Unix epoch.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Tier": {
        "description": "The plan, or anonymous where no valid key was sent.",
        "required": True,
        "schema": {"type": "string", "enum": [*PLANS, ANONYMOUS_TIER]},
    },
    "Retry-After": {
        "description": "Seconds until a repetition makes sense.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Idempotent-Replayed": {
        "description": "true: the answer that the first request with this key got.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_EVERYWHERE = tuple(name for name in HEADERS if name.startswith("X-"))
_WITH_RETRY_AFTER = {429, 503}

IDEMPOTENCY_KEY: Json = {
    "name": "X-Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repetition safe: the same key and body get the same answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "550e8400-e29b-41d4-a716-446655440000",
}


def headers(*more: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_EVERYWHERE, *more)}


def error_components() -> Json:
    """``components.responses``: the envelope once for each status."""
    return {
        name: {
            "description": description,
            "headers": headers(*(("Retry-After",) if status in _WITH_RETRY_AFTER else ())),
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/ErrorAnswer"},
                    "example": _envelope(code, message),
                }
            },
        }
        for status, (name, description, code, message) in _ERRORS.items()
    }


def error_answers(key: Key, described: Operation | None, *, has_query: bool) -> Json:
    """The error statuses that an operation can answer with, as references to the components."""
    method, path = key
    takes_body = described is not None and described.takes is not None
    statuses = {401, 403, 429, 500, 503, *(described.errors if described else ())}
    if takes_body or has_query or method == "post":
        statuses |= {400, 422}
    if "{" in path or method == "post":
        statuses |= {404}
    if takes_body:
        statuses |= {413}
    if method != "get":
        statuses |= {409}
    return {
        str(status): {"$ref": f"#/components/responses/{_ERRORS[status][0]}"} for status in sorted(statuses)
    }


def _envelope(code: str, message: str) -> Json:
    return {
        "error": {
            "code": code,
            "message": message,
            "docs_url": f"https://docs.qsignhub.io/errors/{code}",
            "request_id": "req_V1W2X3Y4Z5A6B7C8",
        }
    }
