"""AccountError
├── ApiKeyMissing        no X-API-Key header                                        (Unauthenticated)
├── ApiKeyInvalid        not a key of ours, revoked or expired; which stays unsaid  (Unauthenticated)
├── PermissionMissing    the key is restricted, and not to this                     (Forbidden)
├── AddressNotAllowed    the key is restricted to other addresses                   (Forbidden)
├── RateLimited          the plan's requests of this minute are used up             (TooMany)
├── AccountNotFound      no account of this name                                    (NotFound)
├── AccountNameInvalid   not a name for an account                                  (Invalid)
├── UnknownTier          no such plan                                               (Invalid)
├── KeyRuleInvalid       a permission or a network that cannot be                   (Invalid)
├── KeyNotFound          no such key of this account                                (NotFound)
└── KeyNotActive         a revoked or expired key cannot be rotated                 (Conflict)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated


class ApiKeyMissing(Unauthenticated):
    code = "API_KEY_MISSING"


class ApiKeyInvalid(Unauthenticated):
    code = "API_KEY_INVALID"


class PermissionMissing(Forbidden):
    code = "PERMISSION_MISSING"


class AddressNotAllowed(Forbidden):
    code = "ADDRESS_NOT_ALLOWED"


class RateLimited(TooMany):
    code = "RATE_LIMITED"


class AccountNotFound(NotFound):
    code = "ACCOUNT_NOT_FOUND"


class AccountNameInvalid(Invalid):
    code = "ACCOUNT_NAME_INVALID"


class UnknownTier(Invalid):
    code = "UNKNOWN_TIER"


class KeyRuleInvalid(Invalid):
    code = "KEY_RULE_INVALID"


class KeyNotFound(NotFound):
    code = "KEY_NOT_FOUND"


class KeyNotActive(Conflict):
    code = "KEY_NOT_ACTIVE"
