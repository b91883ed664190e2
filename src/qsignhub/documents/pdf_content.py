"""What a PDF would do beside being shown (ISO 32000-2 §12.6), and what a signature on it has to reckon with.

Refused is what can change what people see, or acts when it is opened: scripts, programs to be launched,
data imported, forms made by XFA, and a certification that allows no change. Flagged is what is allowed and
yet worth knowing before somebody signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader

from qsignhub.documents.errors import ActiveContent, DocumentLocked, DocumentUnreadable, DynamicForm
from qsignhub.documents.model import Hazard
from qsignhub.signing.pades.pdf_objects import elements, entry

_FORBIDDEN_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "an action that launches a program",
    "/ImportData": "an action that imports data",
}
# Below these no action can stand, and content, fonts and structure make up most of a file.
_WITHOUT_ACTIONS = frozenset(
    {"/AP", "/B", "/Contents", "/DSS", "/Font", "/Metadata", "/MK", "/P", "/Parent", "/ParentTree",
     "/PieceInfo", "/Reference", "/Resources", "/StructTreeRoot", "/Thumb", "/XObject"}
)  # fmt: skip
_MAX_OBJECTS = 500_000

OPTIONAL_CONTENT = Hazard(
    "OPTIONAL_CONTENT",
    "The document has layers that can be switched on and off: what is seen depends on the reader.",
)
EXISTING_SIGNATURES = Hazard(
    "EXISTING_SIGNATURES",
    "The document is signed already. The signatures stay valid; new ones are added after them.",
)
DOCMDP = Hazard(
    "DOCMDP",
    "The document is certified, and its author allows certain changes only: readers may complain of more.",
)
EMBEDDED_FILES = Hazard(
    "EMBEDDED_FILES", "Files are attached to the document; they are signed with it, but not shown."
)


def check_content(reader: PdfFileReader) -> tuple[Hazard, ...]:
    """Raises ActiveContent, DynamicForm, DocumentLocked or DocumentUnreadable; else what is flagged."""
    hazards: dict[str, Hazard] = {}
    _check_form(reader.root)
    for found in _dictionaries(reader.root):
        _check_action(found)
        if "/ByteRange" in found and "/Contents" in found:
            _check_locks(found)
            hazards[EXISTING_SIGNATURES.code] = EXISTING_SIGNATURES
        if "/Lock" in found and "/V" in found:
            _check_lock_of_field(entry(found, "Lock"))
        if "/EmbeddedFiles" in found or entry(found, "Subtype") == "/FileAttachment":
            hazards[EMBEDDED_FILES.code] = EMBEDDED_FILES
    if _has_optional_content(reader.root):
        hazards[OPTIONAL_CONTENT.code] = OPTIONAL_CONTENT
    if (permission := _certified_for(reader.root)) is not None:
        if permission == 1:
            raise _locked("The document is certified, and its author allows no change any more")
        hazards[DOCMDP.code] = DOCMDP
    return tuple(hazards.values())


def _check_action(found: DictionaryObject) -> None:
    action = entry(found, "S")
    if isinstance(action, str) and action in _FORBIDDEN_ACTIONS:
        raise _active(_FORBIDDEN_ACTIONS[action])
    if "/JS" in found or "/JavaScript" in found:  # a rendition's script; the catalog's tree of scripts
        raise _active("JavaScript")


def _check_form(root: DictionaryObject) -> None:
    form = entry(root, "AcroForm")
    if isinstance(form, DictionaryObject) and ("/XFA" in form or entry(root, "NeedsRendering") is True):
        raise DynamicForm(
            "The PDF is an XFA form: its pages are made by the program that opens it. "
            "Print it to a plain PDF and upload that.",
            field="file",
        )


def _has_optional_content(root: DictionaryObject) -> bool:
    properties = entry(root, "OCProperties")
    return isinstance(properties, DictionaryObject) and bool(entry(properties, "OCGs"))


def _certified_for(root: DictionaryObject) -> int | None:
    """The permission of a certification signature (ISO 32000-2 §12.8.2.2), 2 where none is given."""
    permissions = entry(root, "Perms")
    signature = entry(permissions, "DocMDP") if isinstance(permissions, DictionaryObject) else None
    if signature is None:
        return None
    references = entry(signature, "Reference") if isinstance(signature, DictionaryObject) else None
    for reference in elements(references) if isinstance(references, ArrayObject) else ():
        if isinstance(reference, DictionaryObject) and entry(reference, "TransformMethod") == "/DocMDP":
            parameters = entry(reference, "TransformParams")
            given = entry(parameters, "P") if isinstance(parameters, DictionaryObject) else None
            if given is None:
                return 2
            return given if isinstance(given, int) and given in {1, 2, 3} else 1
    return 2


def _check_locks(signature: DictionaryObject) -> None:
    """A signature that locks the fields of the form locks ours too, unless it names those that it locks
    (FieldMDP, ISO 32000-2 §12.8.2.4). Table 236 has a lock carry the permission of a certification.
    """
    references = entry(signature, "Reference")
    for reference in elements(references) if isinstance(references, ArrayObject) else ():
        parameters = entry(reference, "TransformParams") if isinstance(reference, DictionaryObject) else None
        if not isinstance(parameters, DictionaryObject):
            continue
        if entry(parameters, "P") == 1:
            raise _locked("The document is signed, and that signature allows no change any more")
        if entry(reference, "TransformMethod") == "/FieldMDP" and entry(parameters, "Action") != "/Include":
            raise _locked("The document is signed, and that signature locks its form")


def _check_lock_of_field(lock: Any) -> None:
    if isinstance(lock, DictionaryObject) and entry(lock, "P") == 1:
        raise _locked("The document is signed, and that signature allows no change any more")


def _dictionaries(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """All that can be reached from the catalog and can hold an action, each once."""
    seen: set[Any] = set()
    waiting: list[Any] = [root]
    visited = 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            if found.reference in seen:
                continue
            seen.add(found.reference)
            found = found.get_object()  # type: ignore[no-untyped-call]
        visited += 1
        if visited > _MAX_OBJECTS:
            raise DocumentUnreadable("The PDF has too many objects to be checked.", field="file")
        if isinstance(found, DictionaryObject):
            yield found
            waiting.extend(_below(found.raw_get(name)) for name in found if name not in _WITHOUT_ACTIONS)
        elif isinstance(found, ArrayObject):
            waiting.extend(_below(found.raw_get(index)) for index in range(len(found)))


def _below(value: Any) -> Any:
    return value if isinstance(value, (IndirectObject, DictionaryObject, ArrayObject)) else None


def _locked(why: str) -> DocumentLocked:
    return DocumentLocked(
        f"{why}: a signature would break that. Ask the author for a version that may be signed.",
        field="file",
    )


def _active(what: str) -> ActiveContent:
    return ActiveContent(
        f"The PDF has {what}. Print it to a plain PDF and upload that.",
        field="file",
    )
