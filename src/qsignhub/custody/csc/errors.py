"""What goes wrong with a remote signing service.

CscError
├── CscUnavailable              down, slow, overloaded (429, 5xx)                          (Unavailable)
│   └── CscUnauthorised         it does not let us in (401): the operator's credentials
├── CscMalformed                not JSON, too much of it, or not what the specification says (Unavailable)
├── CscRefused                  it understood, and says no (other 4xx)                     (Refused)
│   └── CscAuthorisationRefused the signer's PIN, OTP, code or activation data: ``which``
├── SignerCredentialsMissing    the signer has to give PIN, OTP or consent (again)         (Refused)
├── SignatureNotTheCredentials  what came back does not verify against the certificate     (Refused)
├── CredentialNotFound          the service has no credential of this name or user         (KeyUnknown)
└── CredentialUnusable          there is one, and it must not be used: ``why``             (Refused)

A message never holds what the signer or the operator entered, nor what a service wrote where it could
repeat them.
"""

from __future__ import annotations

from typing import Literal

from qsignhub.custody.errors import CustodyUnavailable, KeyUnknown, SignerNotAuthorised
from qsignhub.foundation.errors import QSignHubError, Refused

Secret = Literal["pin", "otp", "authentication", "code", "sad"]
"""What was not accepted. ``authentication``: one of several, and the service does not say which (v2)."""


class CscError(QSignHubError):
    code = "CSC_ERROR"


class CscUnavailable(CscError, CustodyUnavailable):
    code = "CUSTODY_UNAVAILABLE"


class CscUnauthorised(CscUnavailable):
    code = "CSC_UNAUTHORISED"


class CscMalformed(CscError, CustodyUnavailable):
    code = "CSC_MALFORMED"


class CscRefused(CscError, Refused):
    """``error`` is the service's own word for it (clause 10.2), None if it gave none that can be read.

    ``description`` is the sentence beside it, in lower case, if it is one of the specification's.
    """

    code = "CSC_REFUSED"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        error: str | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self.error = error
        self.description = description


class CscAuthorisationRefused(CscRefused, SignerNotAuthorised):
    """The signer may try again, with a new authorisation."""

    code = "CSC_AUTHORISATION_REFUSED"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        error: str | None = None,
        description: str | None = None,
        which: Secret = "authentication",
    ) -> None:
        super().__init__(message, field=field, error=error, description=description)
        self.which = which


class SignerCredentialsMissing(CscError, SignerNotAuthorised):
    code = "SIGNER_CREDENTIALS_MISSING"


class SignatureNotTheCredentials(CscError, Refused):
    code = "CSC_WRONG_SIGNATURE"


class CredentialNotFound(CscError, KeyUnknown):
    code = "CREDENTIAL_NOT_FOUND"


class CredentialUnusable(CscError, Refused):
    code = "CREDENTIAL_UNUSABLE"
