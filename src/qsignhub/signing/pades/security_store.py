"""The document security store (EN 319 142-1 clause 5.4): validation data kept in the PDF itself."""

from __future__ import annotations

from collections.abc import Iterable

from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from qsignhub.signing.pades.pdf_objects import elements, entry, name
from qsignhub.signing.validation_data import ValidationData


def add_to_security_store(writer: IncrementalPdfFileWriter, data: ValidationData) -> None:
    """Adds what is not there yet; what earlier signatures left stays.

    No VRI entries: they are optional (clause 5.4.3), and validators go by the store's arrays. The DER goes
    in as it is, without a look inside and without compression: signatures do not get smaller by it, and
    what is there already is told by its length before it is read.
    """
    store = entry(writer.root, "DSS")
    if store is None:
        store = DictionaryObject()  # type: ignore[no-untyped-call]
        writer.root[name("DSS")] = writer.add_object(store)
        writer.update_root()  # type: ignore[no-untyped-call]
    certificates = _add(writer, store, "Certs", data.certificates, DecodePurpose.CERTIFICATE)
    answers = _add(writer, store, "OCSPs", data.ocsp_responses, DecodePurpose.OCSP_RESPONSE)
    lists = _add(writer, store, "CRLs", data.crls, DecodePurpose.CRL)
    if certificates or answers or lists:
        writer.update_container(store)


def _add(
    writer: IncrementalPdfFileWriter,
    store: DictionaryObject,
    key: str,
    wanted: Iterable[bytes],
    purpose: DecodePurpose,
) -> bool:
    """Whether the store itself was changed."""
    present = entry(store, key)
    streams = [] if present is None else list(elements(present))
    missing = [der for der in dict.fromkeys(wanted) if not any(_holds(one, der, purpose) for one in streams)]
    if not missing:
        return False
    if present is None:
        present = ArrayObject()
        store[name(key)] = present
    present.extend(writer.add_object(StreamObject(stream_data=der)) for der in missing)
    writer.update_container(present)
    return True


def _holds(stream: StreamObject, der: bytes, purpose: DecodePurpose) -> bool:
    if "/Filter" not in stream and len(stream.encoded_data) != len(der):
        return False
    return bool(stream.read_data(purpose) == der)
