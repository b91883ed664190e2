"""What can be wrong with a document or its upload.

QSignHubError
├── Malformed
│   └── UploadMalformed            MALFORMED_UPLOAD           the form cannot be read
│       └── FileMissing            FILE_MISSING               the form has no file
├── NotFound
│   ├── DocumentNotFound           DOCUMENT_NOT_FOUND
│   └── PageNotFound               PAGE_NOT_FOUND
├── TooLarge
│   └── DocumentTooLarge           DOCUMENT_TOO_LARGE
├── Invalid
│   ├── UnsupportedDocumentType    UNSUPPORTED_DOCUMENT_TYPE  not a PDF, or not what it says it is
│   ├── DocumentAmbiguous          DOCUMENT_AMBIGUOUS         a PDF and something else at once
│   ├── DocumentEncrypted          DOCUMENT_ENCRYPTED
│   └── DocumentUnreadable         DOCUMENT_UNREADABLE        broken, or more than we can work through
└── Unavailable
    ├── SpoolUnavailable           SPOOL_UNAVAILABLE          no room for the upload on disk
    └── InspectorUnavailable       INSPECTOR_UNAVAILABLE      the worker processes cannot be had
"""

from __future__ import annotations

import math

from qsignhub.foundation.errors import Invalid, Malformed, NotFound, TooLarge, Unavailable

_MEGABYTE = 1024 * 1024


class UploadMalformed(Malformed):
    code = "MALFORMED_UPLOAD"


class FileMissing(UploadMalformed):
    code = "FILE_MISSING"


class DocumentNotFound(NotFound):
    code = "DOCUMENT_NOT_FOUND"


class PageNotFound(NotFound):
    code = "PAGE_NOT_FOUND"


class DocumentTooLarge(TooLarge):
    code = "DOCUMENT_TOO_LARGE"

    @classmethod
    def over(cls, limit: int, received: int | None) -> DocumentTooLarge:
        """``limit`` and ``received`` in bytes; ``received`` is None when the client never said how much.

        A megabyte here is 2**20 bytes, as in the limit. One byte too many reads "Received: 50.1 MB":
        what was received never looks as if it were within the limit.
        """
        allowed = f"{limit / _MEGABYTE:g} MB"
        got = f"more than {allowed}"
        if received is not None:
            got = f"{max(round(received / _MEGABYTE, 1), math.floor(limit / _MEGABYTE * 10 + 1) / 10)} MB"
        return cls(f"File exceeds the {allowed} limit. Received: {got}.", field="file")


class UnsupportedDocumentType(Invalid):
    code = "UNSUPPORTED_DOCUMENT_TYPE"


class DocumentAmbiguous(Invalid):
    code = "DOCUMENT_AMBIGUOUS"


class DocumentEncrypted(Invalid):
    code = "DOCUMENT_ENCRYPTED"


class DocumentUnreadable(Invalid):
    code = "DOCUMENT_UNREADABLE"


class SpoolUnavailable(Unavailable):
    code = "SPOOL_UNAVAILABLE"


class InspectorUnavailable(Unavailable):
    code = "INSPECTOR_UNAVAILABLE"
