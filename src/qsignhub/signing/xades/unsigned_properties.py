"""The unsigned properties: timestamps and validation data (EN 319 132-1 clauses 5.3 to 5.5).

They are only ever added behind those that are there: an archive timestamp covers all in front of it.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from typing import Final

from lxml import etree

from qsignhub.signing.validation_data import ValidationData
from qsignhub.signing.xades.names import (
    NAMESPACES,
    XADES,
    XADES141,
    canonicalization,
    element,
    parent,
    part,
)

ARCHIVE_TIMESTAMP: Final = f"{{{XADES141}}}ArchiveTimeStamp"
_VALUES = "xades:CertificateValues", "xades:RevocationValues"
_CERTIFICATES = "ds:KeyInfo//ds:X509Certificate", ".//xades:EncapsulatedX509Certificate"
_OCSP_RESPONSES = (".//xades:EncapsulatedOCSPValue",)
_CRLS = (".//xades:EncapsulatedCRLValue",)


def unsigned_properties(signature: etree._Element) -> etree._Element:
    """UnsignedSignatureProperties; it is made where there is none."""
    qualifying = part(signature, "ds:Object/xades:QualifyingProperties")
    found = qualifying.find("xades:UnsignedProperties/xades:UnsignedSignatureProperties", NAMESPACES)
    if found is None:
        found = element(XADES, "UnsignedSignatureProperties")
        qualifying.append(parent(XADES, "UnsignedProperties", found))
    return found


def add_signature_timestamp(signature: etree._Element, token: bytes) -> None:
    """B-T (clause 5.3)."""
    unsigned_properties(signature).append(
        parent(
            XADES, "SignatureTimeStamp", canonicalization(), element(XADES, "EncapsulatedTimeStamp", token)
        )
    )


def add_values(signature: etree._Element, data: ValidationData) -> None:
    """B-LT: CertificateValues and RevocationValues (clause 5.4), without the certificates in ds:KeyInfo; what
    is added later, since those two are there once, goes to TimeStampValidationData (clause 5.5.1).

    Values that the signature has are not added again (clause 6.3), and no property that would be empty.
    """
    properties = unsigned_properties(signature)
    values = _values(_new_for(signature, data))
    if any(properties.find(path, NAMESPACES) is not None for path in _VALUES):
        values = [parent(XADES141, "TimeStampValidationData", *values)] if values else []
    properties.extend(values)


def add_archive_timestamp(signature: etree._Element, object_id: str) -> None:
    """B-LTA, its token still missing (clause 5.5.2). The name is its Id."""
    timestamp = parent(
        XADES141,
        "ArchiveTimeStamp",
        canonicalization(),
        element(XADES, "EncapsulatedTimeStamp"),
        Id=object_id,
    )
    unsigned_properties(signature).append(timestamp)


def _new_for(signature: etree._Element, data: ValidationData) -> ValidationData:
    def new(values: Iterable[bytes], paths: Iterable[str]) -> list[bytes]:
        there = {b64decode(one.text or "") for path in paths for one in signature.iterfind(path, NAMESPACES)}
        return [value for value in dict.fromkeys(values) if value not in there]

    return ValidationData(
        new(data.certificates, _CERTIFICATES),
        new(data.ocsp_responses, _OCSP_RESPONSES),
        new(data.crls, _CRLS),
    )


def _values(data: ValidationData) -> list[etree._Element]:
    certificates = [element(XADES, "EncapsulatedX509Certificate", der) for der in data.certificates]
    crls = [element(XADES, "EncapsulatedCRLValue", der) for der in data.crls]
    answers = [element(XADES, "EncapsulatedOCSPValue", der) for der in data.ocsp_responses]
    revocation = _unless_empty("CRLValues", crls) + _unless_empty("OCSPValues", answers)
    return _unless_empty("CertificateValues", certificates) + _unless_empty("RevocationValues", revocation)


def _unless_empty(tag: str, values: list[etree._Element]) -> list[etree._Element]:
    return [parent(XADES, tag, *values)] if values else []
