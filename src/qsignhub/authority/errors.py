"""AuthorityError
├── AuthorityKeyUnusable    a sealed key opens, but is not what was sealed            (Unavailable)
├── AuthorityRootOffline    the root's key is needed, and is not in the vault         (Unavailable)
├── RootKeyFileUnusable     a file with the root's key cannot be read, or is another's (Invalid)
├── ProfileViolation        a certificate would not be what its profile says           (Refused)
├── AuthorityNotFound       no authority of this name is open here                     (NotFound)
├── NotPrepared             a token that nobody prepared, or that was used before      (Refused)
├── SubjectRefused          a name that no certificate may carry                       (Refused)
└── CertificateNotFound     never issued here, or somebody else's                      (NotFound)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qsignhub.foundation.errors import Invalid, NotFound, Refused, Unavailable


class AuthorityKeyUnusable(Unavailable):
    code = "AUTHORITY_KEY_UNUSABLE"


class AuthorityRootOffline(Unavailable):
    code = "AUTHORITY_ROOT_OFFLINE"


class RootKeyFileUnusable(Invalid):
    code = "ROOT_KEY_FILE_UNUSABLE"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a certificate. ``rule`` is the rule's name, ``clause`` where it stands."""

    rule: str
    clause: str
    said: str

    def __str__(self) -> str:
        return f"{self.said} ({self.clause})"


class ProfileViolation(Refused):
    """``findings``: all of them, not the first alone. Nothing was signed with the authority's key."""

    code = "CERTIFICATE_PROFILE_VIOLATION"

    def __init__(self, message: str, *, field: str | None = None, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message, field=field)
        self.findings = tuple(findings)

    @classmethod
    def of(cls, profile: str, findings: Sequence[Finding]) -> ProfileViolation:
        told = "; ".join(map(str, findings))
        message = f"The certificate is not what the profile {profile} asks for: {told}"
        return cls(message, findings=findings)


class NotPrepared(Refused):
    code = "CERTIFICATE_NOT_PREPARED"


class SubjectRefused(Refused):
    code = "CERTIFICATE_SUBJECT_REFUSED"


class AuthorityNotFound(NotFound):
    code = "AUTHORITY_NOT_FOUND"


class CertificateNotFound(NotFound):
    code = "CERTIFICATE_NOT_FOUND"
