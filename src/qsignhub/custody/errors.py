"""CustodyError
├── ActivationRefused      the authorisation is not for this key and digest, was used, or is over (Refused)
├── SignerNotAuthorised    a remote keeper did not take what the signer entered: asked again      (Refused)
├── KeyUnknown             no such key: never made, or destroyed after its one use               (Refused)
├── KeyUnsuitable          the key is of a kind, or for an algorithm, that is not the one wanted  (Refused)
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


class SignerNotAuthorised(Refused):
    code = "SIGNER_NOT_AUTHORISED"


class KeyUnknown(Refused):
    code = "KEY_UNKNOWN"


class KeyUnsuitable(Refused):
    code = "KEY_UNSUITABLE"


class CustodyUnavailable(Unavailable):
    code = "CUSTODY_UNAVAILABLE"
