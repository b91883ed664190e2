"""What goes wrong around a timestamp.

TimestampError
├── TimestampUnavailable        the authority is down, slow, or says "not now"      (Unavailable: retried)
│   └── ClockNotTrusted         our own authority's clock is off, or cannot be known to be right
├── TimestampRejected           the authority answered, and refuses this request    (Refused)
└── TimestampRefused            the authority answered, and we refuse the answer    (Refused)
├── TimestampMalformed      not a DER TimeStampResp, or a structure RFC 3161 forbids
├── WrongNonce              the answer to another request, or a replay
├── WrongImprint            a timestamp of other data, or under another hash
├── WrongPolicy             not the policy that was asked for
├── WrongAuthority          the certificate may not timestamp (EKU), or is not the one signed over
├── AuthorityExpired        the certificate was not valid at genTime
├── AuthorityUntrusted      no path from the certificate to a trust anchor
├── TimestampSignatureWrong the signature or the message digest does not hold
├── TimestampAlgorithmWeak  an algorithm that is not acceptable, or not known
└── TimestampTimeImplausible  genTime is too far from our own clock
"""

from __future__ import annotations

from qsignhub.foundation.errors import QSignHubError, Refused, Unavailable


class TimestampError(QSignHubError):
    code = "TIMESTAMP_ERROR"


class TimestampUnavailable(TimestampError, Unavailable):
    code = "TIMESTAMP_UNAVAILABLE"


class ClockNotTrusted(TimestampUnavailable):
    code = "TIMESTAMP_CLOCK_NOT_TRUSTED"


class TimestampRejected(TimestampError, Refused):
    code = "TIMESTAMP_REJECTED"


class TimestampRefused(TimestampError, Refused):
    code = "TIMESTAMP_REFUSED"


class TimestampMalformed(TimestampRefused):
    code = "TIMESTAMP_MALFORMED"


class WrongNonce(TimestampRefused):
    code = "TIMESTAMP_WRONG_NONCE"


class WrongImprint(TimestampRefused):
    code = "TIMESTAMP_WRONG_IMPRINT"


class WrongPolicy(TimestampRefused):
    code = "TIMESTAMP_WRONG_POLICY"


class WrongAuthority(TimestampRefused):
    code = "TIMESTAMP_WRONG_AUTHORITY"


class AuthorityExpired(TimestampRefused):
    code = "TIMESTAMP_AUTHORITY_EXPIRED"


class AuthorityUntrusted(TimestampRefused):
    code = "TIMESTAMP_AUTHORITY_UNTRUSTED"


class TimestampSignatureWrong(TimestampRefused):
    code = "TIMESTAMP_SIGNATURE_WRONG"


class TimestampAlgorithmWeak(TimestampRefused):
    code = "TIMESTAMP_ALGORITHM_WEAK"


class TimestampTimeImplausible(TimestampRefused):
    code = "TIMESTAMP_TIME_IMPLAUSIBLE"
