"""Errors of validation: the document cannot be judged at all. A bad signature is a verdict, no error.

Invalid
├── NotAPdf                 there is no PDF header
│   └── UnsupportedSignatureFormat  it is a CAdES, XAdES or ASiC file: not judged here, so not passed either
├── UnreadableDocument      damaged, or over a limit of the parser
│   ├── EncryptedDocument   the content cannot be read without a password
│   └── TooManySignatures   more signature fields than are validated in one go
└── UnreadableAnchor        a trust anchor is not an X.509 certificate
"""

from __future__ import annotations

from qsignhub.foundation.errors import Invalid


class NotAPdf(Invalid):
    code = "NOT_A_PDF"


class UnsupportedSignatureFormat(NotAPdf):
    code = "UNSUPPORTED_SIGNATURE_FORMAT"


class UnreadableDocument(Invalid):
    code = "UNREADABLE_DOCUMENT"


class EncryptedDocument(UnreadableDocument):
    code = "DOCUMENT_ENCRYPTED"


class TooManySignatures(UnreadableDocument):
    code = "TOO_MANY_SIGNATURES"


class UnreadableAnchor(Invalid):
    code = "UNREADABLE_ANCHOR"
