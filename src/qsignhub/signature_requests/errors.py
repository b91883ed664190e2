"""SignatureRequestError
├── SignatureRequestNotFound  absent, or of another account or mode   (NotFound)
├── IllegalMove               the state machine does not allow it     (Conflict)
├── NotCompleted              there is no signed document yet         (Conflict)
├── ExpiryInThePast           expires_at is over already              (Invalid)
├── FieldOutsideDocument      a field names a page or signer that is not there (Invalid)
├── EmbedTokenInvalid         not of our making, for something else, or over (Unauthenticated)
└── EmbedKeyUnusable          what is kept as the tokens' key is none         (Unavailable)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable


class SignatureRequestNotFound(NotFound):
    code = "SIGNATURE_REQUEST_NOT_FOUND"


class IllegalMove(Conflict):
    code = "ILLEGAL_STATE"


class NotCompleted(Conflict):
    code = "SIGNATURE_REQUEST_NOT_COMPLETED"


class ExpiryInThePast(Invalid):
    code = "EXPIRY_IN_THE_PAST"


class FieldOutsideDocument(Invalid):
    code = "FIELD_OUTSIDE_DOCUMENT"


class EmbedTokenInvalid(Unauthenticated):
    code = "EMBED_TOKEN_INVALID"


class EmbedKeyUnusable(Unavailable):
    code = "EMBED_KEY_UNUSABLE"
