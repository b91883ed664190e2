"""CeremonyError
├── LinkUnknown                no such signing link                                  (NotFound)
├── LinkSpent                  the signer has signed; the link has done its work      (Gone)
├── RequestClosed              the request is expired or cancelled                    (Gone)
├── ConfirmationUnknown        nobody expects what comes back from a trust service    (NotFound)
├── NothingToConfirm           no confirmation at a trust service is wanted now       (Conflict)
├── NotYourTurn                somebody else signs first                              (Conflict)
├── IdentityNotVerified        identity comes before signing                          (Conflict)
├── OtpTooSoon                 a one-time password was sent a moment ago              (TooMany)
├── SignerSecretMissing        the trust service wants a PIN or a one-time password    (Invalid)
├── DrawingUnusable            the signature drawn or typed cannot be shown              (Invalid)
├── TrustServiceNotConfigured  live mode without a trust service for this signature   (Invalid)
├── TrustServiceUnavailable    none of those that could sign answers now              (Unavailable)
└── Refusals of the cycle, final for this signature:                                  (Refused)
    ├── DocumentChanged        what would be signed is not what the signer saw
    ├── CertificateRevoked     the signer's certificate is revoked
    │   └── RevokedBeforeSignature  as a newer status says, it was so before the signature that is there
    ├── CertificateStatusLost  it ended, and its issuer does not tell of it any more
    ├── CertificateNotQualified  a qualified signature was asked for, and the trusted lists say no
    ├── CertificateExpired     the signer's certificate is over, or not begun
    ├── RequestNoLongerOpen    expired or cancelled while the signature was on its way
    └── ConsentLapsed          too long between the signer's act and the use of the key: asked again
        └── AuthorisationRefused  the trust service did not take the signer's PIN or password: asked again

TrustServiceNotAccepted and StatusNotGood (Unavailable) make the signature wait: a service answered, but
with what must not be used. So does TrustServiceGone: the service that it was begun with was taken away.
TrustedListsUnavailable: whether a certificate is qualified cannot be told without them.

JournalBroken is not one of them: it is a defect of ours, and stops the job for a person to look at.
"""

from __future__ import annotations

from qsignhub.foundation.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    QSignHubError,
    Refused,
    TooMany,
    Unavailable,
)


class LinkUnknown(NotFound):
    code = "LINK_UNKNOWN"


class LinkSpent(Gone):
    code = "LINK_SPENT"


class RequestClosed(Gone):
    code = "SIGNATURE_REQUEST_CLOSED"


class ConfirmationUnknown(NotFound):
    code = "CONFIRMATION_UNKNOWN"


class DrawingUnusable(Invalid):
    code = "DRAWING_UNUSABLE"


class NothingToConfirm(Conflict):
    code = "NOTHING_TO_CONFIRM"


class NotYourTurn(Conflict):
    code = "NOT_YOUR_TURN"


class IdentityNotVerified(Conflict):
    code = "IDENTITY_NOT_VERIFIED"


class OtpTooSoon(TooMany):
    code = "OTP_TOO_SOON"


class SignerSecretMissing(Invalid):
    code = "SIGNER_SECRET_MISSING"


class TrustServiceNotConfigured(Invalid):
    code = "TRUST_SERVICE_NOT_CONFIGURED"


class TrustServiceUnavailable(Unavailable):
    code = "TRUST_SERVICE_UNAVAILABLE"


class TrustServiceGone(Unavailable):
    code = "TRUST_SERVICE_GONE"


class TrustedListsUnavailable(Unavailable):
    code = "TRUSTED_LISTS_UNAVAILABLE"


class CertificateNotQualified(Refused):
    code = "CERTIFICATE_NOT_QUALIFIED"


class DocumentChanged(Refused):
    code = "DOCUMENT_CHANGED"


class CertificateRevoked(Refused):
    code = "CERTIFICATE_REVOKED"


class RevokedBeforeSignature(CertificateRevoked):
    code = "REVOKED_BEFORE_SIGNATURE"


class CertificateStatusLost(Refused):
    code = "CERTIFICATE_STATUS_LOST"
    explanation = (
        "The signer's certificate ended before its issuer told of it what is newer than the signature, "
        "and the issuer does not keep what has ended."
    )


class CertificateExpired(Refused):
    code = "CERTIFICATE_EXPIRED"


class RequestNoLongerOpen(Refused):
    code = "SIGNATURE_REQUEST_CLOSED"


class ConsentLapsed(Refused):
    code = "CONSENT_LAPSED"


class AuthorisationRefused(ConsentLapsed):
    code = "SIGNER_AUTHORISATION_REFUSED"


class StatusNotGood(Unavailable):
    code = "STATUS_NOT_GOOD"


class TrustServiceNotAccepted(Unavailable):
    code = "TRUST_SERVICE_NOT_ACCEPTED"


class JournalBroken(QSignHubError):
    code = "JOURNAL_BROKEN"
