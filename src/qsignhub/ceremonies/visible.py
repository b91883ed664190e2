"""What is seen of a signer's signature in the document: where it stands, and how it is written."""

from __future__ import annotations

from qsignhub.ceremonies.errors import DrawingUnusable
from qsignhub.signature_requests.model import Field, SignatureRequest, Signer
from qsignhub.signing.pades.appearance import (
    TYPED,
    Appearance,
    FieldPlacement,
    SummaryMark,
    Written,
    can_be_typed,
)
from qsignhub.signing.pades.handwriting import DrawingUnreadable, Handwriting


def has_room_to_write(request: SignatureRequest, signer: Signer) -> bool:
    """Whether a drawn or typed signature can stand beside the words: in a field, not in a small mark."""
    return isinstance(_placement(request, signer), FieldPlacement)


def is_typable(signer: Signer) -> bool:
    return can_be_typed(signer.name)


def appearance_of(request: SignatureRequest, signer: Signer, written: Written | None) -> Appearance | None:
    """Visible where the request gives the signer a field, or asks for a mark on the last page."""
    placement = _placement(request, signer)
    if placement is None:
        return None
    return Appearance(
        placement,
        signer_name=signer.name,
        level_requested=request.signature_type,
        sandbox=request.scope.mode == "test",
        reason=signer.reason,
        written=written,
    )


def written_of(text: str | None, signer: Signer) -> Written | None:
    """From what a consent keeps and a form sends: ``typed``, strokes, or nothing. Raises DrawingUnusable."""
    if not text:
        return None
    if text == TYPED:
        if not can_be_typed(signer.name):
            raise DrawingUnusable(
                "The typeface lacks letters of the signer's name; draw it.", field="written"
            )
        return TYPED
    try:
        return Handwriting.parse(text)
    except DrawingUnreadable as exc:
        raise DrawingUnusable(f"{exc} Draw the signature again.", field="drawing") from exc


def _placement(request: SignatureRequest, signer: Signer) -> FieldPlacement | SummaryMark | None:
    field = next((field for field in request.fields if field.signer_index == signer.position), None)
    if field is not None:
        return _place(field)
    return SummaryMark(tuple(map(_place, request.fields))) if request.summary_mark else None


def _place(field: Field) -> FieldPlacement:
    return FieldPlacement(field.page, field.x, field.y, field.width, field.height)
