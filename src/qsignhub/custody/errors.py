"""CustodyError
├── ActivationRefused      the authorisation is not for this key and digest, was used, or is over (Refused)
├── KeyUnknown             no such key: never made, or destroyed after its one use               (Refused)
└── CustodyUnavailable     the place where keys live does not answer                             (Unavailable)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Refused, Unavailable


class ActivationRefused(Refused):
    code = "ACTIVATION_REFUSED"


class ActivationExpired(ActivationRefused):
    code = "ACTIVATION_EXPIRED"


class ActivationUsed(ActivationRefused):
    code = "ACTIVATION_USED"


class KeyUnknown(Refused):
    code = "KEY_UNKNOWN"


class CustodyUnavailable(Unavailable):
    code = "CUSTODY_UNAVAILABLE"
