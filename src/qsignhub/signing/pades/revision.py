"""One signature or document timestamp is one incremental revision of the PDF (ISO 32000-2, 12.8).

The revision is written with a room of fixed size for the CMS object; the digest over everything but
that room (/ByteRange) is what gets signed. Files are copied and appended to, never held in memory.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pyhanko.pdf_utils.generic import DictionaryObject, PdfObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import (
    DocumentTimestamp,
    PdfSignedData,
    PreparedByteRangeDigest,
    SignatureObject,
)

from qsignhub.foundation.signature_algorithms import HashName
from qsignhub.signing.errors import DocumentNotSignable, SignatureTooLarge
from qsignhub.signing.format import Attachment
from qsignhub.signing.pades.appearance import Appearance
from qsignhub.signing.pades.artwork import give_appearance
from qsignhub.signing.pades.attachable import takes
from qsignhub.signing.pades.attachments import attach
from qsignhub.signing.pades.pdf_objects import dictionary, name, numbers
from qsignhub.signing.pades.security_store import add_to_security_store
from qsignhub.signing.pades.summary_mark import place_of
from qsignhub.signing.validation_data import ValidationData

# What the PDF library raises on objects that are not of the type that stands there (/AcroForm 3).
_STRUCTURE_ERRORS = (
    PdfError,
    SigningError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)

TOKEN_BYTES = 12 * 1024
"""Room for a timestamp token (DER), whose authority is asked later. One with its chain takes 2 to 9 KiB."""


class _Writer(IncrementalPdfFileWriter):
    """Appends the objects of a revision and nothing else.

    pyHanko would also name itself the document's producer and set its date, in /Info and in the XMP
    metadata: that is for who writes the document, and costs a PDF/A their agreement.
    """

    def _update_meta(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class PreparedRevision:
    """``digest`` is over the /ByteRange; the offsets are those of the reserved room."""

    digest: bytes
    reserved_start: int
    reserved_end: int


def prepare_signature(
    source: Path,
    target: Path,
    *,
    field_name: str,
    claimed_time: datetime,
    hash_name: HashName = "sha256",
    reserved_bytes: int = TOKEN_BYTES,
    reason: str | None = None,
    appearance: Appearance | None = None,
    attachment: Attachment | None = None,
) -> PreparedRevision:
    """Writes ``source`` plus a revision with an empty PAdES signature to ``target``.

    Without an ``appearance`` the signature is invisible. ``reserved_bytes`` is the room for its CMS object.
    An ``attachment`` goes into the same revision, where the document can take one.
    """
    placeholder = SignatureObject(
        timestamp=claimed_time,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        bytes_reserved=2 * reserved_bytes,
    )
    shutil.copyfile(source, target)
    with _writing(target) as writer:
        if attachment is not None and takes(writer, attachment):
            attach(writer, attachment, claimed_time)
        if appearance is None:
            return _place(writer, SigFieldSpec(sig_field_name=field_name), placeholder, hash_name)
        page_index, rectangle = place_of(writer, appearance.placement)
        field = SigFieldSpec(
            sig_field_name=field_name,
            on_page=page_index,
            box=rectangle,  # type: ignore[arg-type]  # fractions of a point are taken too
            readable_field_name=appearance.description,
        )
        return _place(
            writer,
            field,
            placeholder,
            hash_name,
            lambda widget: give_appearance(writer, widget, appearance, claimed_time),
        )


def prepare_document_timestamp(
    source: Path, target: Path, *, field_name: str, validation_data: ValidationData
) -> PreparedRevision:
    """Writes ``source`` plus a revision with the validation data and an empty document timestamp
    (EN 319 142-1 clause 5.5), which will cover all of it.
    """
    placeholder = DocumentTimestamp(bytes_reserved=2 * TOKEN_BYTES)  # type: ignore[no-untyped-call]
    shutil.copyfile(source, target)
    with _writing(target) as writer:
        add_to_security_store(writer, validation_data)
        return _place(writer, SigFieldSpec(sig_field_name=field_name), placeholder, "sha256")


def fill(target: Path, revision: PreparedRevision, der: bytes) -> None:
    """Puts a CMS object or a timestamp token into the reserved room, in place."""
    room = PreparedByteRangeDigest(revision.digest, revision.reserved_start, revision.reserved_end)
    with target.open("r+b") as file:
        try:
            room.fill_with_cms(file, der)
        except SigningError as exc:
            raise SignatureTooLarge(f"The signature of {len(der)} bytes does not fit its room.") from exc


def append_validation_data(target: Path, validation_data: ValidationData) -> None:
    """Appends a revision with the validation data (B-LT, EN 319 142-1 clause 5.4), in place."""
    with _writing(target) as writer:
        add_to_security_store(writer, validation_data)
        writer.write_in_place()  # type: ignore[no-untyped-call]


@contextmanager
def _writing(target: Path) -> Iterator[IncrementalPdfFileWriter]:
    with target.open("r+b") as file:
        try:
            _end_line(file)
            yield _Writer(file)
        except _STRUCTURE_ERRORS as exc:
            raise DocumentNotSignable(f"The document's structure does not take a signature: {exc}") from exc


def _end_line(file: BinaryIO) -> None:
    """Where the file ends with %%EOF the first object would else stand in that line, which is a comment."""
    if file.seek(0, os.SEEK_END) > 0:
        file.seek(-1, os.SEEK_END)
        if file.read(1) not in b"\r\n":
            file.write(b"\n")


def _no_appearance(writer: IncrementalPdfFileWriter, widget: DictionaryObject) -> None:
    """An empty one: a PDF/A-1 has it of every field (ISO 19005-1, 6.9)."""
    form: dict[str, PdfObject] = {
        "Type": name("XObject"),
        "Subtype": name("Form"),
        "BBox": numbers((0, 0, 0, 0)),
    }
    empty = writer.add_object(StreamObject(dict_data=dict(dictionary(form)), stream_data=b""))
    widget[name("AP")] = dictionary({"N": empty})


def _place(
    writer: IncrementalPdfFileWriter,
    field: SigFieldSpec,
    placeholder: PdfSignedData,
    hash_name: HashName,
    furnish: Callable[[DictionaryObject], None] | None = None,
) -> PreparedRevision:
    """``furnish`` is given the new field's widget before anything is written."""
    steps = PdfCMSEmbedder(field).write_cms(field.sig_field_name, writer)
    widget = next(steps).get_object()
    if furnish is None:
        _no_appearance(writer, widget)
    else:
        furnish(widget)
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    prepared, _ = steps.send(SigIOSetup(md_algorithm=hash_name, in_place=True))
    return PreparedRevision(
        prepared.document_digest, prepared.reserved_region_start, prepared.reserved_region_end
    )
