"""What is wrong with an input, said to an integrator: pydantic's findings in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FORMS = {
    "email": "must be an e-mail address, e.g. anna@example.com",
    "phone": "must be a phone number in E.164 form, e.g. +48500123456",
    "country": "must be an ISO 3166-1 alpha-2 country code, e.g. PL",
    "locale": "must be a BCP 47 language tag, e.g. en-GB",
    "redirect_url": "must be an http or https URL",
    "request_id": "must be the id of a signature request, e.g. sreq_7Yx4kP9nQ3mB2wR1",
    "signer_id": "must be the id of a signer, e.g. sgn_A1b2C3d4E5f6",
}
_A_MOMENT = "must be a date and time with a time zone, e.g. 2025-03-01T23:59:59Z"
_AN_OBJECT = "must be an object"
_A_WHOLE_NUMBER = "must be a whole number"
_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a field that is known here",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} {characters}",
    "string_too_long": "must have at most {max_length} {characters}",
    "list_type": "must be an array",
    "dict_type": _AN_OBJECT,
    "model_type": _AN_OBJECT,
    "model_attributes_type": _AN_OBJECT,
    "too_short": "must have at least {min_length} {things}",
    "too_long": "must have at most {max_length} {things}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": _A_WHOLE_NUMBER,
    "int_parsing": _A_WHOLE_NUMBER,
    "int_from_float": _A_WHOLE_NUMBER,
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number that is not infinite",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "url_type": "must be an http or https URL",
    "url_parsing": "must be an http or https URL",
    "url_scheme": "must be an http or https URL",
    "string_pattern_mismatch": "must have the form {pattern}",
}
_PLACES = {"body", "query", "path", "header"}


def field_of(problem: Mapping[str, Any]) -> str:
    """The path of the input in the contract: ``signers.0.email``, ``limit``, ``body`` for all of it."""
    parts = [str(part) for part in problem["loc"]]
    if len(parts) > 1 and parts[0] in _PLACES:
        del parts[0]
    return ".".join(parts) or "body"


def sentence_of(problem: Mapping[str, Any]) -> str:
    """Goes on where the field's name ends: "must have at most 20 signers"."""
    kind, context = str(problem["type"]), dict(problem.get("ctx", {}))
    name = next((part for part in reversed(problem["loc"]) if isinstance(part, str)), "")
    if kind == "value_error":
        return str(context.get("error", problem["msg"]))
    if kind.startswith(("datetime", "timezone", "date_")):
        return _A_MOMENT
    if kind == "string_pattern_mismatch" and name in _FORMS:
        return _FORMS[name]
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return str(problem["msg"])
    count = context.get("max_length", context.get("min_length", 0))
    return sentence.format(
        **context,
        characters="character" if count == 1 else "characters",
        things=name.removesuffix("s") if count == 1 else name or "items",
    )
