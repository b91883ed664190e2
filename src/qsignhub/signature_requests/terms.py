"""What a new request or signer asks for, held against its document and its level.

Everything that is wrong is found at once and told in one error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from qsignhub.documents.model import EXISTING_SIGNATURES, PDF_TYPE, XML_TYPE, Document
from qsignhub.foundation.clock import iso
from qsignhub.foundation.errors import Invalid
from qsignhub.foundation.scope import Mode
from qsignhub.identity.countries import COUNTRIES
from qsignhub.identity.errors import UnknownTestDocument
from qsignhub.identity.test_documents import find_test_document
from qsignhub.signature_requests.errors import (
    CountryNotCovered,
    ExpiryBeyondRetention,
    ExpiryInThePast,
    FieldOutsideDocument,
    FieldsNotPossible,
    FieldsOverlap,
    FormatNotPossible,
    IdentityMethodTooWeak,
    PackagingNotPossible,
    PhoneRequired,
    SummaryMarkNotPossible,
    TestDocumentInLiveMode,
)
from qsignhub.signature_requests.model import (
    DEFAULT_LIFETIME,
    Field,
    IdentityMethod,
    NewSignatureRequest,
    NewSigner,
    Packaging,
    SignatureFormat,
    SignatureType,
    default_format,
    default_packaging,
    packagings_of,
)

_COVERED = sorted(country.code for country in COUNTRIES)
_ROUNDING = 0.01  # points; a page of 210 mm is 595.2756 of them
_DEFAULT_METHOD: dict[SignatureType, IdentityMethod | None] = {
    "qes": "video_id",
    "aes": "sms_otp",  # the invitation by e-mail is the first factor, the code by SMS the second
    "ses": None,
}


def format_of(new: NewSignatureRequest, document: Document) -> SignatureFormat:
    """PAdES for PDF, XAdES for XML, CAdES for all other types, if no other is asked for."""
    return new.format or default_format(document.mime_type)


def packaging_of(new: NewSignatureRequest, document: Document) -> Packaging:
    return new.packaging or default_packaging(format_of(new, document), len(new.signers))


def method_of(new: NewSigner, signature_type: SignatureType) -> IdentityMethod | None:
    """None where nobody is to be identified: it is not asked for, or the trust service has done it."""
    if new.identity_method is None and new.identified_by_trust_service:
        return None
    return new.identity_method or _DEFAULT_METHOD[signature_type]


def deadline_of(new: NewSignatureRequest, document: Document, now: datetime) -> datetime:
    """Thirty days, if no other is asked for, and never beyond what the document is kept for."""
    return new.expires_at or min(now + DEFAULT_LIFETIME, document.expires_at)


def check_request(new: NewSignatureRequest, document: Document, mode: Mode, now: datetime) -> None:
    problems = [
        *_of_deadline(new, document, now),
        *_of_format(format_of(new, document), packaging_of(new, document), document),
        *_of_fields(new, document),
    ]
    for index, signer in enumerate(new.signers):
        problems += _of_signer(signer, new.signature_type, mode, f"signers.{index}.")
    _raise(problems)


def check_signer(new: NewSigner, signature_type: SignatureType, mode: Mode) -> None:
    _raise([*_of_signer(new, signature_type, mode, "")])


def _raise(problems: list[Invalid]) -> None:
    if problems:
        first, *others = problems
        first.others = tuple(others)
        raise first


def _of_deadline(new: NewSignatureRequest, document: Document, now: datetime) -> Iterator[Invalid]:
    if new.expires_at is None:
        return
    if new.expires_at <= now:
        yield ExpiryInThePast(
            "expires_at is in the past; leave it out for 30 days from now.", field="expires_at"
        )
    if new.expires_at > document.expires_at:
        yield ExpiryBeyondRetention(
            f"The document is kept until {iso(document.expires_at)}: a request on it cannot expire later.",
            field="expires_at",
        )


def _of_format(chosen: SignatureFormat, packaging: Packaging, document: Document) -> Iterator[Invalid]:
    if packaging not in (possible := packagings_of(chosen)):
        yield PackagingNotPossible(
            f"A signature of format {chosen} is packaged as {' or '.join(possible)}.", field="packaging"
        )
        return
    inside = chosen == "xades" and packaging in {"enveloped", "enveloping"}
    if inside and document.mime_type != XML_TYPE:
        yield FormatNotPossible(
            "An XML signature and a document that is not XML go together only with packaging detached or "
            "asic_e.",
            field="format",
        )
        return
    if inside and any(hazard.code == EXISTING_SIGNATURES for hazard in document.hazards):
        yield FormatNotPossible(
            "The document carries an XML signature already; sign it as cades, or with packaging detached or "
            "asic_e, around the whole of it.",
            field="format",
        )
    if chosen == "pades" and document.mime_type == XML_TYPE:
        yield FormatNotPossible(
            "PAdES signs PDF and office documents; sign XML as xades or cades.", field="format"
        )
    elif chosen == "pades" and document.mime_type != PDF_TYPE and document.pdf_key is None:
        yield FormatNotPossible(
            "PAdES needs the document as PDF, and this one could not be converted here; sign it as cades.",
            field="format",
        )


def _of_fields(new: NewSignatureRequest, document: Document) -> Iterator[Invalid]:
    if new.summary_mark and format_of(new, document) != "pades":
        yield SummaryMarkNotPossible(
            "Only PAdES signatures can be marked on a page; leave summary_mark out.", field="summary_mark"
        )
    if new.fields and format_of(new, document) != "pades":
        yield FieldsNotPossible(
            "Only PAdES signatures have a place on a page; leave fields out.", field="fields"
        )
        return
    taken: set[int] = set()
    for index, field in enumerate(new.fields):
        where = f"fields.{index}."
        if field.signer_index >= len(new.signers):
            yield FieldOutsideDocument(
                f"There is no signer {field.signer_index}; signers are counted from 0.",
                field=f"{where}signer_index",
            )
        elif field.signer_index in taken:
            yield FieldOutsideDocument("A signer has one signature field.", field=f"{where}signer_index")
        taken.add(field.signer_index)
        other = next((n for n, earlier in enumerate(new.fields[:index]) if _overlap(earlier, field)), None)
        if other is not None:
            yield FieldsOverlap(
                f"The field lies over fields.{other}: one signature would hide the other.", field=f"{where}x"
            )
        yield from _of_place(field, document, where)


def _overlap(one: Field, other: Field) -> bool:
    return (
        one.page == other.page
        and one.x + _ROUNDING < other.x + other.width
        and other.x + _ROUNDING < one.x + one.width
        and one.y + _ROUNDING < other.y + other.height
        and other.y + _ROUNDING < one.y + one.height
    )


def _of_place(field: Field, document: Document, where: str) -> Iterator[Invalid]:
    if document.pages is not None and field.page > document.pages:
        count = "1 page" if document.pages == 1 else f"{document.pages} pages"
        yield FieldOutsideDocument(f"The document has {count}.", field=f"{where}page")
        return
    box = document.page_box(field.page)
    if box is None:
        return
    left, bottom, right, top = box
    reach = f"page {field.page} reaches from {left:g}, {bottom:g} to {right:g}, {top:g}"
    if field.x < left - _ROUNDING or field.x + field.width > right + _ROUNDING:
        name = "x" if not left <= field.x < right else "width"
        yield FieldOutsideDocument(f"The field is beside the page: {reach}, in points.", field=where + name)
    if field.y < bottom - _ROUNDING or field.y + field.height > top + _ROUNDING:
        name = "y" if not bottom <= field.y < top else "height"
        yield FieldOutsideDocument(
            f"The field is above or below the page: {reach}, in points.", field=where + name
        )


def _of_signer(new: NewSigner, signature_type: SignatureType, mode: Mode, where: str) -> Iterator[Invalid]:
    method = method_of(new, signature_type)
    if signature_type == "qes" and method == "sms_otp":
        yield IdentityMethodTooWeak(
            "A code by SMS does not identify a person well enough for a qualified signature; "
            "choose video_id, eidas_idp or bank_id.",
            field=f"{where}identity_verification.method",
        )
    if method == "eidas_idp" and new.identity_country not in {None, *_COVERED}:
        yield CountryNotCovered(
            f"No identity provider is known there; with eidas_idp name one of {', '.join(_COVERED)}.",
            field=f"{where}identity_verification.country",
        )
    if method == "sms_otp" and new.phone is None:
        yield PhoneRequired(
            "The signer is identified by a code by SMS: give a phone number, or another method.",
            field=f"{where}phone",
        )
    if new.test_document is not None:
        yield from _of_test_document(new.test_document, mode, f"{where}identity_verification.document_number")


def _of_test_document(number: str, mode: Mode, field: str) -> Iterator[Invalid]:
    if mode == "live":
        yield TestDocumentInLiveMode(
            "document_number plays an identity check in the sandbox; with a live key leave it out.",
            field=field,
        )
        return
    try:
        find_test_document(number, field)
    except UnknownTestDocument as problem:
        yield problem
