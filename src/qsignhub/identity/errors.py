"""IdentityError
├── UnknownTestDocument      the sandbox knows four document numbers, and this is none (Invalid)
└── IdentityNotConfigured    live mode without an identity provider                    (Conflict)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Conflict, Invalid


class UnknownTestDocument(Invalid):
    code = "UNKNOWN_TEST_DOCUMENT"


class IdentityNotConfigured(Conflict):
    code = "IDENTITY_PROVIDER_NOT_CONFIGURED"
