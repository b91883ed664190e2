"""SignatureRequestError
├── SignatureRequestNotFound  absent, or of another account or mode            (NotFound)
├── SignerNotFound            the request has no such signer                   (NotFound)
├── IllegalMove               the state machine does not allow it              (Conflict)
├── NotCompleted              there is no signed document yet                  (Conflict)
├── EmbedTokenInvalid         not of our making, for something else, or over   (Unauthenticated)
├── EmbedKeyUnusable          what is kept as the tokens' key is none          (Unavailable)
└── what cannot be asked for:                                                  (Invalid)
    ├── ExpiryInThePast           expires_at is over already
    ├── ExpiryBeyondRetention     the document will be gone before the deadline
    ├── FieldOutsideDocument      a field names a page, a place or a signer that is not there
    ├── FieldsOverlap             two fields have more than an edge in common
    ├── FieldsNotPossible         only PAdES has places on a page
    ├── SummaryMarkNotPossible    only PAdES can mark a page
    ├── FormatNotPossible         the format does not fit the document's type
    ├── PackagingNotPossible      the format knows no such packaging
    ├── IdentityMethodTooWeak     the method does not reach the level
    ├── CountryNotCovered         no national identity provider is known there
    ├── PhoneRequired             a code by SMS needs a phone number
    ├── TestDocumentInLiveMode    live signers are checked by their own documents
    ├── ReminderLimitReached      three reminders a signer
    ├── ReminderTooSoon           one reminder in 24 hours
    └── SmsNotConfigured          nothing here sends text messages
"""

from __future__ import annotations

from qsignhub.foundation.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable


class SignatureRequestNotFound(NotFound):
    code = "SIGNATURE_REQUEST_NOT_FOUND"


class SignerNotFound(NotFound):
    code = "SIGNER_NOT_FOUND"


class IllegalMove(Conflict):
    code = "ILLEGAL_STATE"


class NotCompleted(Conflict):
    code = "SIGNATURE_REQUEST_NOT_COMPLETED"


class ExpiryInThePast(Invalid):
    code = "EXPIRY_IN_THE_PAST"


class ExpiryBeyondRetention(Invalid):
    code = "EXPIRY_BEYOND_RETENTION"


class FieldOutsideDocument(Invalid):
    code = "FIELD_OUTSIDE_DOCUMENT"


class FieldsOverlap(Invalid):
    code = "FIELDS_OVERLAP"


class SummaryMarkNotPossible(Invalid):
    code = "SUMMARY_MARK_NOT_POSSIBLE"


class FieldsNotPossible(Invalid):
    code = "FIELDS_NOT_POSSIBLE"


class FormatNotPossible(Invalid):
    code = "FORMAT_NOT_POSSIBLE"


class PackagingNotPossible(Invalid):
    code = "PACKAGING_NOT_POSSIBLE"


class IdentityMethodTooWeak(Invalid):
    code = "IDENTITY_METHOD_TOO_WEAK"


class CountryNotCovered(Invalid):
    code = "COUNTRY_NOT_COVERED"


class PhoneRequired(Invalid):
    code = "PHONE_REQUIRED"


class TestDocumentInLiveMode(Invalid):
    __test__ = False  # the name is the domain's: nothing for pytest to collect
    code = "TEST_DOCUMENT_IN_LIVE_MODE"


class ReminderLimitReached(Invalid):
    code = "REMINDER_LIMIT_REACHED"


class ReminderTooSoon(Invalid):
    code = "REMINDER_TOO_SOON"


class SmsNotConfigured(Invalid):
    code = "SMS_NOT_CONFIGURED"


class EmbedTokenInvalid(Unauthenticated):
    code = "EMBED_TOKEN_INVALID"


class EmbedKeyUnusable(Unavailable):
    code = "EMBED_KEY_UNUSABLE"
