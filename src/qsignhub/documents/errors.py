"""What can be wrong with a document or its upload.

QSignHubError
├── Malformed
│   └── UploadMalformed            MALFORMED_UPLOAD           the form cannot be read
│       ├── FileMissing            FILE_MISSING               the form has no file
│       └── UploadStalled          UPLOAD_STALLED             nothing came for too long
├── NotFound
│   ├── DocumentNotFound           DOCUMENT_NOT_FOUND
│   └── PageNotFound               PAGE_NOT_FOUND             also: a document without pages or preview
├── Conflict
│   └── DocumentInUse              DOCUMENT_IN_USE            an open signature request is about it
├── Gone
│   └── DocumentGone               DOCUMENT_GONE              deleted by its owner
│       └── RetentionOver          DOCUMENT_RETENTION_OVER    kept for as long as was promised
├── TooLarge
│   └── DocumentTooLarge           DOCUMENT_TOO_LARGE
├── Invalid
│   ├── UnsupportedDocumentType    UNSUPPORTED_DOCUMENT_TYPE  none that is taken, or not what it says it is
│   ├── DocumentAmbiguous          DOCUMENT_AMBIGUOUS         two things at once
│   ├── DocumentEncrypted          DOCUMENT_ENCRYPTED
│   ├── ActiveContent              DOCUMENT_ACTIVE_CONTENT    scripts, macros, programs to be launched
│   ├── DynamicForm                DOCUMENT_DYNAMIC_FORM      XFA: its pages are made by the reader
│   ├── ExternalContent            DOCUMENT_EXTERNAL_CONTENT  parts of it are somewhere else
│   ├── DocumentLocked             DOCUMENT_LOCKED            certified: no change is allowed any more
│   └── DocumentUnreadable         DOCUMENT_UNREADABLE        broken, or more than we can work through
├── TooMany
│   └── TooManyUploads             RATE_LIMITED               uploads of one account at once
└── Unavailable
    ├── SpoolUnavailable           SPOOL_UNAVAILABLE          no room for the upload on disk
    ├── InspectorUnavailable       INSPECTOR_UNAVAILABLE      the worker processes cannot be had
    └── ConverterMissing           CONVERTER_MISSING          LibreOffice is not installed
"""

from __future__ import annotations

import math

from qsignhub.foundation.errors import (
    Conflict,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
)

_MEGABYTE = 1024 * 1024


class UploadMalformed(Malformed):
    code = "MALFORMED_UPLOAD"


class FileMissing(UploadMalformed):
    code = "FILE_MISSING"


class UploadStalled(UploadMalformed):
    code = "UPLOAD_STALLED"


class DocumentNotFound(NotFound):
    code = "DOCUMENT_NOT_FOUND"


class PageNotFound(NotFound):
    code = "PAGE_NOT_FOUND"


class DocumentInUse(Conflict):
    code = "DOCUMENT_IN_USE"


class DocumentGone(Gone):
    code = "DOCUMENT_GONE"


class RetentionOver(DocumentGone):
    code = "DOCUMENT_RETENTION_OVER"


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


class ActiveContent(Invalid):
    code = "DOCUMENT_ACTIVE_CONTENT"


class DynamicForm(Invalid):
    code = "DOCUMENT_DYNAMIC_FORM"


class ExternalContent(Invalid):
    code = "DOCUMENT_EXTERNAL_CONTENT"


class DocumentLocked(Invalid):
    code = "DOCUMENT_LOCKED"


class DocumentUnreadable(Invalid):
    code = "DOCUMENT_UNREADABLE"


class TooManyUploads(TooMany):
    code = "RATE_LIMITED"


class SpoolUnavailable(Unavailable):
    code = "SPOOL_UNAVAILABLE"


class InspectorUnavailable(Unavailable):
    code = "INSPECTOR_UNAVAILABLE"


class ConverterMissing(Unavailable):
    code = "CONVERTER_MISSING"
