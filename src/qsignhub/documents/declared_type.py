"""What an upload says that it is. It cannot vouch for the bytes; it can only contradict them."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from qsignhub.documents.errors import UnsupportedDocumentType
from qsignhub.documents.model import DOCX_TYPE, PDF_TYPE, XLSX_TYPE, XML_TYPE


@dataclass(frozen=True, slots=True)
class _Names:
    kind: str
    suffixes: frozenset[str]
    media_types: frozenset[str]


_ZIP = {"application/zip", "application/x-zip-compressed"}  # what browsers say that know no Office document
_NAMES: Mapping[str, _Names] = {
    PDF_TYPE: _Names("a PDF document", frozenset({".pdf"}), frozenset({PDF_TYPE, "application/x-pdf"})),
    DOCX_TYPE: _Names("a Word document", frozenset({".docx"}), frozenset({DOCX_TYPE, *_ZIP})),
    XLSX_TYPE: _Names("an Excel workbook", frozenset({".xlsx"}), frozenset({XLSX_TYPE, *_ZIP})),
    XML_TYPE: _Names(
        "an XML document",
        frozenset({".xml", ".xsd", ".wsdl", ".rdf", ".xbrl"}),
        frozenset({XML_TYPE, "text/xml"}),
    ),
}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_KNOWN_SUFFIXES = (
    frozenset(mimetypes.MimeTypes(filenames=()).types_map[True])
    | frozenset(
        {".docm", ".dotx", ".dotm", ".xlsm", ".xltx", ".xlsb", ".pptx", ".odt", ".ods", ".odp", ".rtf",
         ".asice", ".asics", ".p7m", ".p7s", ".xades", ".xhtml", ".7z", ".rar", ".gz", ".msi", ".jar",
         ".apk", ".php", ".heic", ".webp"}
    )
    | frozenset(suffix for names in _NAMES.values() for suffix in names.suffixes)
)  # fmt: skip


def check_declared_type(mime_type: str, filename: str | None, content_type: str | None) -> None:
    """Refuses a name or a declared media type that says that a file of ``mime_type`` is something else.

    No name, a name without an ending, an ending that names no format, no type and
    ``application/octet-stream`` say nothing and pass.
    """
    names = _NAMES[mime_type]
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared not in _SAYS_NOTHING and declared not in names.media_types:
        raise UnsupportedDocumentType(
            f"The file is declared as {_printable(declared)}, but it is {names.kind}.", field="file"
        )
    suffix = PurePosixPath((filename or "").rstrip(". ")).suffix.lower()
    if suffix in _KNOWN_SUFFIXES and suffix not in names.suffixes:
        raise UnsupportedDocumentType(
            f"The file's name ends in {suffix}, but it is {names.kind}.", field="file"
        )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:100])
