"""AccountError
├── ApiKeyMissing    no X-API-Key header                                    (Unauthenticated)
├── ApiKeyInvalid    not a key of ours, or revoked; which of them stays unsaid (Unauthenticated)
└── UnknownTier      no such plan                                           (Invalid)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Invalid, Unauthenticated


class ApiKeyMissing(Unauthenticated):
    code = "API_KEY_MISSING"


class ApiKeyInvalid(Unauthenticated):
    code = "API_KEY_INVALID"


class UnknownTier(Invalid):
    code = "UNKNOWN_TIER"
