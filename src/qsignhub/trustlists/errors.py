"""TrustedListError (Refused)
├── TrustedListMalformed   not a trusted list of TSL version 5 or 6, too large, or with a DTD
├── TrustedListUnsigned    not signed by one of the given signers, or not whole
└── TrustedListStale       its nextUpdate has passed
"""

from __future__ import annotations

from qsignhub.foundation.errors import Refused


class TrustedListError(Refused):
    code = "TRUSTED_LIST_REFUSED"


class TrustedListMalformed(TrustedListError):
    code = "TRUSTED_LIST_MALFORMED"


class TrustedListUnsigned(TrustedListError):
    code = "TRUSTED_LIST_UNSIGNED"


class TrustedListStale(TrustedListError):
    code = "TRUSTED_LIST_STALE"
