"""Archive timestamps (EN 319 132-1 clause 5.5.2): what each covers, and where its token goes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from lxml import etree

from qsignhub.signing.validation_data import ValidationData
from qsignhub.signing.xades.names import NAMESPACES, base64, canonical, part
from qsignhub.signing.xades.unsigned_properties import (
    ARCHIVE_TIMESTAMP,
    add_archive_timestamp,
    add_values,
    unsigned_properties,
)

Update: TypeAlias = Callable[[bytes], object]
_SIGNED_PROPERTIES = "ds:Object/xades:QualifyingProperties/xades:SignedProperties"


def prepare(
    signatures: Sequence[etree._Element], name: str, data: ValidationData, document: Callable[[Update], None]
) -> tuple[bytes, ...]:
    """Adds to each signature the validation data that it lacks and an archive timestamp without its token;
    gives the imprint (SHA-256) of each.

    ``document`` passes on what the signatures' first references digest: the same octets for all.
    """
    if not signatures:
        raise ValueError("the file holds no signature of ours")
    start = hashlib.sha256()
    document(start.update)
    return tuple(
        _prepared(signature, f"{name}-{number}", data, start.copy(), document)
        for number, signature in enumerate(signatures, 1)
    )


def complete(signatures: Sequence[etree._Element], tokens: Sequence[bytes]) -> None:
    """Puts the tokens in, in the order of the imprints."""
    for signature, token in zip(signatures, tokens, strict=True):
        timestamp = unsigned_properties(signature)[-1]
        place = part(timestamp, "xades:EncapsulatedTimeStamp")
        if timestamp.tag != ARCHIVE_TIMESTAMP or place.text:
            raise ValueError(f"signature {signature.get('Id')} waits for no archive timestamp")
        place.text = base64(token)


def _prepared(
    signature: etree._Element,
    name: str,
    data: ValidationData,
    covered: hashlib._Hash,
    document: Callable[[Update], None],
) -> bytes:
    """``covered`` has taken the document in. All else follows in the clause's order."""
    properties = unsigned_properties(signature)
    if properties.find("xades:SignatureTimeStamp", NAMESPACES) is None:
        raise ValueError(f"signature {signature.get('Id')} has no signature timestamp, which B-LTA builds on")
    add_values(signature, data)
    for path in (_SIGNED_PROPERTIES, "ds:SignedInfo", "ds:SignatureValue", "ds:KeyInfo"):
        covered.update(canonical(part(signature, path)))
    for one in properties:
        covered.update(canonical(one))
    for holder in signature.iterfind("ds:Object", NAMESPACES):
        if holder.find("xades:QualifyingProperties", NAMESPACES) is None:
            document(covered.update)  # the ds:Object around the document, which the first reference digests
    add_archive_timestamp(signature, name)
    return covered.digest()
