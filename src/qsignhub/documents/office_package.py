"""Looks into a DOCX or XLSX (ISO/IEC 29500) before anything opens it: what it is, and what it must not have.

The content type of the main part decides what it is. Refused is what would make it act (macros, ActiveX,
DDE) or be completed from elsewhere (templates, pictures, text or workbooks outside of it): a signature over
the file does not cover that. Plain hyperlinks do nothing by themselves and are fine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lxml import etree

from qsignhub.documents.errors import (
    ActiveContent,
    DocumentUnreadable,
    ExternalContent,
    UnsupportedDocumentType,
)
from qsignhub.documents.model import DOCX_TYPE, XLSX_TYPE, Hazard
from qsignhub.documents.word_fields import check_fields
from qsignhub.documents.xml_reading import parse
from qsignhub.documents.zip_package import Package, open_package

_CONTENT_TYPES = "[Content_Types].xml"
_MAIN_TYPES: Mapping[str, str] = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": DOCX_TYPE,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": XLSX_TYPE,
}
_MAX_INDEX_BYTES = 8 * 1024 * 1024  # of content types, or of one part's relationships

_MACROS = re.compile(r"macroenabled|vbaproject|vbadata|activex|macrosheet", re.IGNORECASE)
_MACRO_PARTS = re.compile(r"(?:^|/)(?:vbaproject[^/]*|vbadata\.xml|activex/.*|macrosheets/.*)", re.IGNORECASE)
_FORBIDDEN_RELATIONS = {
    "vbaproject": "macros",
    "activexcontrol": "an ActiveX control",
    "control": "an ActiveX control",
    "xlmacrosheet": "macros",
    "xlintlmacrosheet": "macros",
    "afchunk": "a part in another format, which programs show differently",
}
# No part has a document type declaration (ISO/IEC 29500-2 §8.2.5); "<!DOCTYPE" is markup nowhere else.
_DECLARATIONS = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_FETCHING_FORMULA = b"WEBSERVICE("
_LONGEST_MARK = 2 * max(len(mark) for mark in (*_DECLARATIONS, _FETCHING_FORMULA))

_HAZARDS = {
    "origin": Hazard("EXISTING_SIGNATURES", "The document carries signatures of its own."),
    "oleobject": Hazard("EMBEDDED_OBJECTS", "Objects of other programs are embedded in the document."),
    "package": Hazard("EMBEDDED_OBJECTS", "Objects of other programs are embedded in the document."),
    "connections": Hazard("DATA_CONNECTIONS", "The workbook can refresh its data from elsewhere."),
}


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    """The last step of its type's URI, in lower case: transitional and strict documents differ before it."""
    target: str
    external: bool


def inspect_package(path: Path) -> tuple[str, tuple[Hazard, ...]]:
    """The media type, and what whoever has it signed should know of. Raises one of the room's Invalid."""
    with open_package(path) as package:
        if _CONTENT_TYPES not in package.names:
            raise UnsupportedDocumentType(
                "Only PDF, DOCX, XLSX and XML documents are accepted; this file is a ZIP archive.",
                field="file",
            )
        types = _ContentTypes(package.read(_CONTENT_TYPES, _MAX_INDEX_BYTES))
        mime_type = _main_type(package, types)
        if types.have_macros or any(_MACRO_PARTS.search(name) for name in package.names):
            raise _macros()
        hazards: dict[str, Hazard] = {}
        for name in package.names:
            _scan(package, name)
            if name.endswith(".rels"):
                for relation in _relations(package, name):
                    _check_relation(relation)
                    if relation.kind in _HAZARDS:
                        hazards[_HAZARDS[relation.kind].code] = _HAZARDS[relation.kind]
            elif mime_type == DOCX_TYPE and "wordprocessingml" in types.of(name):
                check_fields(package.chunks(name))
    return mime_type, tuple(hazards.values())


class _ContentTypes:
    """ISO/IEC 29500-2 §7.2.3: by part, else by the name's ending."""

    def __init__(self, content: bytes) -> None:
        self._parts: dict[str, str] = {}
        self._endings: dict[str, str] = {}
        for element in parse(content):
            kind = element.get("ContentType", "")
            if _local(element) == "Override":
                self._parts[element.get("PartName", "").casefold()] = kind
            elif _local(element) == "Default":
                self._endings[element.get("Extension", "").casefold()] = kind

    def of(self, name: str) -> str:
        ending = PurePosixPath(name).suffix.removeprefix(".")
        return self._parts.get(f"/{name}".casefold(), self._endings.get(ending.casefold(), ""))

    @property
    def have_macros(self) -> bool:
        return any(_MACROS.search(kind) for kind in (*self._parts.values(), *self._endings.values()))


def _main_type(package: Package, types: _ContentTypes) -> str:
    mains = [
        relation.target.lstrip("/")
        for relation in _relations(package, "_rels/.rels")
        if relation.kind == "officedocument" and not relation.external
    ]
    if len(mains) != 1 or mains[0] not in package.names:
        raise DocumentUnreadable(
            "The document does not say which of its parts is the main one.", field="file"
        )
    found = types.of(mains[0])
    if found in _MAIN_TYPES:
        return _MAIN_TYPES[found]
    if _MACROS.search(found):
        raise _macros()
    raise UnsupportedDocumentType(
        "Only PDF, DOCX, XLSX and XML documents are accepted; this is another kind of Office document.",
        field="file",
    )


def _scan(package: Package, name: str) -> None:
    """Unpacks a part to its end, within bounds, looking for what no part may have."""
    before = b""
    for piece in package.chunks(name):
        window = before + piece
        if any(mark in window for mark in _DECLARATIONS):
            raise DocumentUnreadable(
                "A part of the document has a document type declaration; Office documents have none.",
                field="file",
            )
        if _FETCHING_FORMULA in window and name.startswith("xl/"):
            raise ExternalContent(
                "A formula of the workbook fetches data from the network. Replace it by its value.",
                field="file",
            )
        before = window[-_LONGEST_MARK:]


def _relations(package: Package, name: str) -> Iterator[_Relation]:
    if name not in package.names:
        return
    for element in parse(package.read(name, _MAX_INDEX_BYTES)):
        if _local(element) == "Relationship":
            yield _Relation(
                element.get("Type", "").rpartition("/")[2].casefold(),
                element.get("Target", ""),
                element.get("TargetMode", "Internal").casefold() != "internal",
            )


def _check_relation(relation: _Relation) -> None:
    if relation.kind in _FORBIDDEN_RELATIONS:
        raise ActiveContent(f"The document has {_FORBIDDEN_RELATIONS[relation.kind]}.", field="file")
    if relation.kind.startswith("externallink"):
        raise ExternalContent(
            "The workbook takes values from another file. Replace these links by their values.", field="file"
        )
    if relation.external and relation.kind != "hyperlink":
        raise ExternalContent(
            "A part of the document is somewhere else, which a signature would not cover "
            f"({relation.kind[:40] or 'of an unknown kind'}). Put it into the document, or remove it.",
            field="file",
        )


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _macros() -> ActiveContent:
    return ActiveContent(
        "The document has macros. Save it without them, as .docx or .xlsx, and upload it again.", field="file"
    )
