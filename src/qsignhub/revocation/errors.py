"""What goes wrong around revocation information.

RevocationError
├── RevocationUnavailable          the responder or the CRL's server is down or says "later"  (Unavailable)
├── RevocationSourceMissing        nothing tells where this certificate's status is to be had (Refused)
├── RevocationPathMissing          no way leads from the certificate to a trust anchor        (Refused)
└── RevocationAnswerRefused        an answer came, and we refuse it                           (Refused)
    ├── RevocationMalformed        it cannot be read, or has a form that RFC 6960 or 5280 forbids
    ├── WrongCertificateAnswered   it is about another certificate, or another issuer
    ├── WrongRevocationNonce       it answers another request
    ├── RevocationSignerWrong      signed by nobody entitled to speak for the issuer
    ├── RevocationSignatureWrong   the signature does not hold
    └── RevocationAnswerStale      not fresh: too old, over, or from the future
"""

from __future__ import annotations

from collections.abc import Sequence

from qsignhub.foundation.errors import QSignHubError, Refused, Unavailable


class RevocationError(QSignHubError):
    code = "REVOCATION_ERROR"


class RevocationUnavailable(RevocationError, Unavailable):
    code = "REVOCATION_UNAVAILABLE"


class RevocationSourceMissing(RevocationError, Refused):
    code = "REVOCATION_SOURCE_MISSING"


class RevocationPathMissing(RevocationError, Refused):
    code = "REVOCATION_PATH_MISSING"


class RevocationAnswerRefused(RevocationError, Refused):
    code = "REVOCATION_ANSWER_REFUSED"


class RevocationMalformed(RevocationAnswerRefused):
    code = "REVOCATION_MALFORMED"


class WrongCertificateAnswered(RevocationAnswerRefused):
    code = "REVOCATION_WRONG_CERTIFICATE"


class WrongRevocationNonce(RevocationAnswerRefused):
    code = "REVOCATION_WRONG_NONCE"


class RevocationSignerWrong(RevocationAnswerRefused):
    code = "REVOCATION_SIGNER_WRONG"


class RevocationSignatureWrong(RevocationAnswerRefused):
    code = "REVOCATION_SIGNATURE_WRONG"


class RevocationAnswerStale(RevocationAnswerRefused):
    code = "REVOCATION_ANSWER_STALE"


def most_telling(failures: Sequence[RevocationError]) -> RevocationError:
    """Which to raise where several ways failed: one that may mend itself, else a refusal, else the first."""
    for kind in (RevocationUnavailable, RevocationAnswerRefused):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return failures[0]
