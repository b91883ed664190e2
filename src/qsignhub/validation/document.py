"""Opening a PDF within bounds, and finding every signature field with a value (ISO 32000-2 12.7.5.5)."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, MiB, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from qsignhub.validation.errors import (
    EncryptedDocument,
    NotAPdf,
    TooManySignatures,
    UnreadableDocument,
    UnsupportedSignatureFormat,
)

MAX_SIGNATURES = 100
HEADER_WINDOW = 1024  # ISO 32000-1 annex H.3.4.1: readers look for %PDF- in the first 1024 bytes
LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=64 * MiB),
    document_budget=DocumentDecodeBudget(base_allowance=128 * MiB, max_ratio=20),
)

# What the parsers raise on bytes that are not what they should be. Parsing hostile input is the one
# place where so wide a net is right: every one of these becomes a typed refusal or a failed signature.
PARSER_ERRORS = (
    misc.PdfError,
    SignatureValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    RecursionError,
    OSError,
    struct.error,
    zlib.error,
)

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # the object identifier, DER
_SIGNATURE_FILTERS = ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached")
_TIMESTAMP_FILTER = "/ETSI.RFC3161"


@dataclass(frozen=True)
class SignedField:
    """A field with a signature dictionary. ``defect`` says why there is no ``signature`` to look into."""

    name: str
    signature: EmbeddedPdfSignature | None
    is_timestamp: bool
    sub_filter: str | None
    defect: str | None = None

    @property
    def revision(self) -> int:
        return self.signature.signed_revision if self.signature else -1


@dataclass(frozen=True)
class SignedDocument:
    reader: PdfFileReader
    source: BinaryIO
    size: int
    fields: tuple[SignedField, ...]  # in the order of their revisions


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Turns what the parser raises into UnreadableDocument."""
    try:
        yield
    except PARSER_ERRORS as error:
        raise UnreadableDocument(f"The document cannot be read: {what} is damaged ({error}).") from error


def open_document(source: BinaryIO) -> SignedDocument:
    """:raises NotAPdf: no PDF header
    :raises UnsupportedSignatureFormat: a signed file of another kind, also one with a PDF inside
    :raises EncryptedDocument: a password would be needed
    :raises UnreadableDocument: damaged structure, a decompression bomb, too many signatures
    """
    source.seek(0)
    start = source.read(HEADER_WINDOW)
    _refuse_other_formats(start)
    if b"%PDF-" not in start:
        raise NotAPdf("The file is not a PDF.")
    size = source.seek(0, os.SEEK_END)
    with parsing("its structure"):
        reader = PdfFileReader(source, strict=True, decode_limits=LIMITS)
        encrypted = reader.encrypt_dict is not None
    if encrypted:
        raise EncryptedDocument("The document is encrypted; remove the password and try again.")
    with parsing("its form"):
        _ = reader.root
        found = _filled_fields(reader)
    fields = _read_fields(reader, found)
    return SignedDocument(reader, source, size, tuple(sorted(fields, key=lambda field: field.revision)))


def _refuse_other_formats(start: bytes) -> None:
    """A verdict on a PDF inside of a signed file would say nothing about the signatures around it."""
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")  # of any encoding of Unicode
    if start.startswith((b"0", b"-----BEGIN")) and (_SIGNED_DATA in start[:64] or start[:1] == b"-"):
        kind, judge = "CAdES signature (CMS)", "openssl cms -verify -cades"
    elif text.startswith(b"<"):
        kind, judge = "XML document (XAdES)", "xmlsec1 --verify"
    elif start.startswith(b"PK\x03\x04"):
        kind, judge = "ZIP archive (ASiC)", "the European Commission's DSS"
    else:
        return
    raise UnsupportedSignatureFormat(
        f"The file is of the kind {kind}; only signatures in PDF documents (PAdES) are validated so far. "
        f"Use a validator for it, for instance {judge}.",
        field="file",
    )


def _filled_fields(reader: PdfFileReader) -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    for name, value, field in enumerate_sig_fields(reader, filled_status=True):
        if len(found) == MAX_SIGNATURES:
            raise TooManySignatures(f"The document has more than {MAX_SIGNATURES} signatures.")
        found.append((name, value, field))
    return found


def _read_fields(reader: PdfFileReader, found: list[tuple[str, Any, Any]]) -> list[SignedField]:
    holders: dict[Any, int] = {}
    for _, _, field in found:
        key = _value_key(field)
        holders[key] = holders.get(key, 0) + 1
    return [
        _read_field(reader, name, field, shared=holders[_value_key(field)] > 1) for name, _, field in found
    ]


def _value_key(field: Any) -> Any:
    try:
        value = field.get_object().raw_get("/V")
    except PARSER_ERRORS:
        return id(field)
    return value.reference if isinstance(value, generic.IndirectObject) else id(value)


def _read_field(reader: PdfFileReader, name: str, field: Any, *, shared: bool) -> SignedField:
    kind = sub_filter = None
    try:
        dictionary = field.get_object()["/V"]
        kind = str(dictionary.get("/Type", "/Sig"))
        sub_filter = str(dictionary.get("/SubFilter", "")) or None
        signature = EmbeddedPdfSignature(reader, field, name)
        # force the parts that asn1crypto would read only later, in the middle of a verdict
        info = signature.signer_info
        attributes = [*(info["signed_attrs"] or ()), *(info["unsigned_attrs"] or ())]
        _ = (
            info["signature"].native,
            [one["type"].native for one in attributes],
            signature.signer_cert.subject.native,
        )
    except PARSER_ERRORS as error:
        defect = f"The signature dictionary or the CMS structure in it cannot be read ({error})."
        return SignedField(name, None, _is_timestamp(kind, sub_filter), sub_filter, defect)
    shared_defect = "Several form fields claim the same signature dictionary."
    mismatch = shared_defect if shared else _kind_defect(kind, sub_filter)
    return SignedField(name, signature, _is_timestamp(kind, sub_filter), sub_filter, mismatch)


def _is_timestamp(kind: str | None, sub_filter: str | None) -> bool:
    return kind == "/DocTimeStamp" or sub_filter == _TIMESTAMP_FILTER


def _kind_defect(kind: str | None, sub_filter: str | None) -> str | None:
    if (kind, sub_filter) == ("/DocTimeStamp", _TIMESTAMP_FILTER):
        return None
    if kind == "/Sig" and sub_filter in _SIGNATURE_FILTERS:
        return None
    return f"A signature dictionary of type {kind} with the encoding {sub_filter} is not supported."
