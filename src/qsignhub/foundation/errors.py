"""The roots of every room's error tree.

    QSignHubError
    ├── Malformed         the request cannot be read            (HTTP 400)
    ├── Unauthenticated   no valid credential                   (HTTP 401)
    ├── Forbidden         a valid credential, not for this      (HTTP 403)
    ├── NotFound          absent, or somebody else's            (HTTP 404)
    ├── Conflict          the state does not allow it now       (HTTP 409)
    ├── Gone              it was there once                     (HTTP 410)
    ├── TooLarge          over a documented limit               (HTTP 413)
    ├── Invalid           readable, but not acceptable          (HTTP 422)
    ├── TooMany           more at once, or in a while, than is allowed (HTTP 429)
    ├── Refused           a check of ours said no; final, never retried
    └── Unavailable       a part we need is down; work waits and is retried (HTTP 503)

A room derives its own errors from these and gives each a ``code`` (the contract's
``error.code``). The mapping to HTTP stands in ``api/errors.py`` and nowhere else.
"""

from __future__ import annotations

from typing import ClassVar


class QSignHubError(Exception):
    """An error with a stable code. ``message`` says what happened and the way out.

    ``field`` names the offending input by its path in the contract, e.g. ``signers.0.email``.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Malformed(QSignHubError):
    code = "MALFORMED_REQUEST"


class Unauthenticated(QSignHubError):
    code = "UNAUTHORIZED"


class Forbidden(QSignHubError):
    code = "FORBIDDEN"


class NotFound(QSignHubError):
    code = "NOT_FOUND"


class Conflict(QSignHubError):
    code = "CONFLICT"


class Gone(QSignHubError):
    code = "GONE"


class TooLarge(QSignHubError):
    code = "TOO_LARGE"


class Invalid(QSignHubError):
    code = "VALIDATION_FAILED"


class TooMany(QSignHubError):
    """``retry_after`` is in whole seconds: sooner it is not worth to try again."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, field: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, field=field)
        self.retry_after = max(1, retry_after)


class Refused(QSignHubError):
    code = "REFUSED"


class Unavailable(QSignHubError):
    code = "SERVICE_UNAVAILABLE"
