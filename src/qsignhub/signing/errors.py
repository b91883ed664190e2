"""SigningError
├── DocumentNotSignable     the document's structure does not take a signature      (Refused)
├── WrongSignature          what custody answered does not fit certificate and data (Refused)
└── SignatureTooLarge       the reserved room does not hold the signature           (Refused)
"""

from __future__ import annotations

from qsignhub.foundation.errors import Refused


class DocumentNotSignable(Refused):
    code = "DOCUMENT_NOT_SIGNABLE"


class WrongSignature(Refused):
    code = "WRONG_SIGNATURE"


class SignatureTooLarge(Refused):
    code = "SIGNATURE_TOO_LARGE"
