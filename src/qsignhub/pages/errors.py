"""QSignHubError
├── Malformed
│   └── FormMalformed    FORM_MALFORMED    the form cannot be read
└── TooLarge
    └── FormTooLarge     FORM_TOO_LARGE    far more than a form of ours can hold

And what a page says of an error: its status, and the key of its words in ``texts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from qsignhub.ceremonies.errors import LinkUnknown
from qsignhub.foundation import errors
from qsignhub.foundation.errors import Malformed, TooLarge


class FormMalformed(Malformed):
    code = "FORM_MALFORMED"


class FormTooLarge(TooLarge):
    code = "FORM_TOO_LARGE"


_PAGES: Mapping[type[errors.QSignHubError], tuple[HTTPStatus, str]] = {
    LinkUnknown: (HTTPStatus.NOT_FOUND, "LINK_UNKNOWN"),
    errors.Malformed: (HTTPStatus.BAD_REQUEST, "malformed"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    errors.Conflict: (HTTPStatus.CONFLICT, "conflict"),
    errors.Gone: (HTTPStatus.GONE, "closed"),
    errors.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "malformed"),
    errors.Invalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "malformed"),
    errors.Refused: (HTTPStatus.CONFLICT, "conflict"),
    errors.Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
}
_UNEXPECTED = (HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected")


def page_of(error: Exception) -> tuple[HTTPStatus, str]:
    """The status and the key below ``error.`` of the page for an error; the nearest class decides."""
    for kind in type(error).__mro__:
        if kind in _PAGES:
            return _PAGES[kind]
    return _UNEXPECTED
